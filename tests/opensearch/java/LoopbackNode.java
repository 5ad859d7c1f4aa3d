import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/**
 * An OpenSearch node without a distribution, for tests on the loopback. Arguments are settings: {@code http.port=9200}.
 *
 * It stops when its standard input ends, which it does when the process that started it is gone.
 */
public class LoopbackNode extends Node {
    private static final String PAINLESS = "painless.Painless";

    /** Module -> the module that it extends, or nothing. */
    private static final String[][] MODULES = {
        {"transport.Netty4", ""},
        {PAINLESS, ""},
        {"analysis.common.CommonAnalysis", PAINLESS},
        {"index.reindex.Reindex", ""},
        {"index.mapper.MapperExtras", ""},
        {"join.ParentJoin", ""},
        {"percolator.Percolator", ""},
    };

    private static final boolean IS_3 = Version.CURRENT.major >= 3;

    // 2.x takes classes and 3.x takes descriptions of them. A raw collection fits both.
    @SuppressWarnings({"unchecked", "rawtypes"})
    LoopbackNode(Settings settings) throws ClassNotFoundException {
        super(InternalSettingsPreparer.prepareEnvironment(settings, new HashMap<>(), null, () -> "loopback"), (Collection) plugins(), false);
    }

    private static String className(String module) {
        return "org.opensearch." + module + (IS_3 ? "ModulePlugin" : "Plugin");
    }

    private static List<Object> plugins() throws ClassNotFoundException {
        List<Object> plugins = new ArrayList<>();
        for (String[] module : MODULES) {
            String name = className(module[0]);
            List<String> extended = module[1].isEmpty() ? List.of() : List.of(className(module[1]));
            if (IS_3) {
                plugins.add(new PluginInfo(name, "a module", "", Version.CURRENT, "21", name, null, extended, false));
            } else {
                plugins.add(Class.forName(name));
            }
        }
        return plugins;
    }

    public static void main(String[] settings) throws Exception {
        Settings.Builder builder = Settings.builder();
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            builder.put(parts[0], parts[1]);
        }
        try (LoopbackNode node = new LoopbackNode(builder.build())) {
            node.start();
            while (System.in.read() >= 0) {
                // only its end matters
            }
        }
        System.exit(0);
    }
}
