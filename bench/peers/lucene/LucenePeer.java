import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.FuzzyQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.SortedNumericSortField;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopFieldCollectorManager;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.store.FSDirectory;

/**
 * Lucene for the bench: `build DIRECTORY` indexes the articles on standard input, `search DIRECTORY` answers
 * the queries there, one a line.
 *
 * <p>An article is its fields between tabs. A query is names and values, all between tabs. An answer is
 * nanoseconds, the number of matches, and score, title and address of each hit.
 */
public final class LucenePeer {
    private static final Map<String, Float> WEIGHTS = new LinkedHashMap<>();
    private static final int TOP = 10;
    private static final int WARM = 20;
    private static final double HEAP_MB = 128;

    static {
        WEIGHTS.put("title", 3f);
        WEIGHTS.put("topics", 2f);
        WEIGHTS.put("excerpt", 1f);
    }

    /** The same words as the other peers: no stop words, Porter's second algorithm. */
    private static final Analyzer WORDS = new Analyzer() {
        @Override
        protected TokenStreamComponents createComponents(String field) {
            StandardTokenizer words = new StandardTokenizer();
            return new TokenStreamComponents(words, new SnowballFilter(new LowerCaseFilter(words), "English"));
        }
    };

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
        Path path = Path.of(arguments[1]);
        if (arguments[0].equals("build")) {
            build(in, path);
        } else {
            new LucenePeer(path).answer(in);
        }
    }

    private static void build(BufferedReader in, Path path) throws IOException {
        IndexWriterConfig config = new IndexWriterConfig(WORDS).setRAMBufferSizeMB(HEAP_MB);
        try (IndexWriter writer = new IndexWriter(FSDirectory.open(path), config)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                writer.addDocument(document(line.split("\t", -1)));
            }
            writer.commit();
        }
    }

    private static Document document(String[] values) {
        Document document = new Document();
        document.add(new TextField("title", values[0], Field.Store.YES));
        document.add(new TextField("excerpt", values[1], Field.Store.YES));
        for (String topic : values[2].isEmpty() ? new String[0] : values[2].split("\u001f")) {
            document.add(new TextField("topics", topic, Field.Store.NO));
            document.add(new StringField("topic", topic, Field.Store.YES));
        }
        document.add(new StoredField("url", values[3]));
        document.add(new StringField("provider", values[4], Field.Store.YES));
        document.add(new LongField("date", Long.parseLong(values[5]), Field.Store.YES));
        document.add(new LongField("heat", Long.parseLong(values[6]), Field.Store.YES));
        document.add(new LongField("quality", Long.parseLong(values[7]), Field.Store.YES));
        return document;
    }

    private final IndexSearcher searcher;

    private LucenePeer(Path path) throws IOException {
        searcher = new IndexSearcher(DirectoryReader.open(FSDirectory.open(path)));
    }

    /** The first time a query is asked it is timed, and then asked again until its code is compiled. */
    private void answer(BufferedReader in) throws IOException {
        BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
        Set<String> asked = new HashSet<>();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\t", -1);
            Map<String, String> query = new HashMap<>();
            for (int at = 0; at + 1 < parts.length; at += 2) {
                query.put(parts[at], parts[at + 1]);
            }
            long started = System.nanoTime();
            List<String> found = search(query);
            long taken = System.nanoTime() - started;
            if (asked.add(line)) {
                for (int time = 0; time < WARM; time++) {
                    search(query);
                }
            }
            out.write(taken + "\t" + String.join("\t", found));
            out.newLine();
            out.flush();
        }
    }

    private List<String> search(Map<String, String> asked) throws IOException {
        int offset = Integer.parseInt(asked.getOrDefault("offset", "0"));
        int wanted = offset + TOP;
        int counted = asked.containsKey("count") ? Integer.MAX_VALUE : wanted;
        Query query = query(asked);
        TopDocs found;
        if (asked.containsKey("sort")) {
            String field = asked.get("sort").equals("newest") ? "date" : "heat";
            Sort sort = new Sort(new SortedNumericSortField(field, SortField.Type.LONG, true));
            found = searcher.search(query, new TopFieldCollectorManager(sort, wanted, null, counted));
        } else {
            found = searcher.search(query, new TopScoreDocCollectorManager(wanted, null, counted));
        }
        StoredFields stored = searcher.storedFields();
        List<String> answer = new ArrayList<>();
        answer.add(Long.toString(found.totalHits.value));
        for (int at = offset; at < found.scoreDocs.length; at++) {
            ScoreDoc hit = found.scoreDocs[at];
            Document document = stored.document(hit.doc, Set.of("title", "url"));
            answer.add(hit instanceof FieldDoc ? ((FieldDoc) hit).fields[0].toString() : Float.toString(hit.score));
            answer.add(document.get("title"));
            answer.add(document.get("url"));
        }
        return answer;
    }

    private static Query query(Map<String, String> asked) throws IOException {
        BooleanQuery.Builder parts = new BooleanQuery.Builder();
        String text = asked.get("text");
        if (!text.isEmpty()) {
            parts.add(main(asked, text), Occur.MUST);
        } else {
            parts.add(new MatchAllDocsQuery(), Occur.MUST);
        }
        if (asked.containsKey("more")) {
            parts.add(words(asked.get("more"), WEIGHTS, Occur.MUST), Occur.MUST);
        }
        if (asked.containsKey("without")) {
            parts.add(words(asked.get("without"), WEIGHTS, Occur.MUST), Occur.MUST_NOT);
        }
        for (String name : List.of("provider", "topic")) {
            if (asked.containsKey(name)) {
                parts.add(new TermQuery(new Term(name, asked.get(name))), Occur.FILTER);
            }
        }
        if (asked.containsKey("start")) {
            long start = Long.parseLong(asked.get("start"));
            long end = Long.parseLong(asked.get("end"));
            parts.add(LongField.newRangeQuery("date", start, end - 1), Occur.FILTER);
        }
        if (asked.containsKey("heat")) {
            long heat = Long.parseLong(asked.get("heat"));
            parts.add(LongField.newRangeQuery("heat", heat, Long.MAX_VALUE), Occur.FILTER);
        }
        BooleanQuery query = parts.build();
        return query.clauses().size() == 1 ? query.clauses().get(0).getQuery() : query;
    }

    private static Query main(Map<String, String> asked, String text) throws IOException {
        String field = asked.get("field");
        Map<String, Float> weights = field == null ? WEIGHTS : Map.of(field, WEIGHTS.get(field));
        Query found;
        switch (asked.get("kind")) {
            case "prefix":
                found = everywhere(weights, name -> new PrefixQuery(new Term(name, text)));
                break;
            case "fuzzy":
                found = everywhere(weights, name -> new FuzzyQuery(new Term(name, text), 1));
                break;
            case "phrase":
                found = word(text, weights);
                break;
            default:
                found = words(text, weights, asked.containsKey("every") ? Occur.MUST : Occur.SHOULD);
        }
        if (!asked.containsKey("either")) {
            return found;
        }
        return new BooleanQuery.Builder()
                .add(found, Occur.SHOULD)
                .add(words(asked.get("either"), weights, Occur.MUST), Occur.SHOULD)
                .build();
    }

    private static Query words(String text, Map<String, Float> weights, Occur occur) throws IOException {
        BooleanQuery.Builder parts = new BooleanQuery.Builder();
        String[] words = text.split(" ");
        for (String each : words) {
            parts.add(word(each, weights), occur);
        }
        return words.length == 1 ? word(text, weights) : parts.build();
    }

    /** One word, which is a phrase where the analyzer makes more of it. */
    private static Query word(String text, Map<String, Float> weights) throws IOException {
        List<String> terms = terms(text);
        return everywhere(weights, name -> {
            if (terms.size() == 1) {
                return new TermQuery(new Term(name, terms.get(0)));
            }
            return new PhraseQuery(name, terms.toArray(new String[0]));
        });
    }

    private static List<String> terms(String text) throws IOException {
        List<String> terms = new ArrayList<>();
        try (TokenStream stream = WORDS.tokenStream("title", text)) {
            CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
            stream.reset();
            while (stream.incrementToken()) {
                terms.add(term.toString());
            }
            stream.end();
        }
        return terms;
    }

    private static Query everywhere(Map<String, Float> weights, java.util.function.Function<String, Query> make) {
        BooleanQuery.Builder parts = new BooleanQuery.Builder();
        weights.forEach((name, weight) -> parts.add(new BoostQuery(make.apply(name), weight), Occur.SHOULD));
        return parts.build();
    }
}
