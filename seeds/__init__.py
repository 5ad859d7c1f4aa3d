"""The bundled collection; this module makes the folder reach a wheel as newsearch.seeds.

72 articles written for newsearch, in the Markdown form that it reads: about a dozen news stories from May
2019 to June 2021, most told by several outlets, every outlet and address invented. They are also a tour of
what the form allows: missing, negative and large heat; unpublished articles; videos; HTML entities and line
ends in excerpts; dates with an offset, without a time, or only in the file's name; embedded related articles;
one article at two addresses; six languages; files with CRLF line ends, to be kept byte for byte.
"""
