"""How does Whoosh see an index? For users of Whoosh's own queries and writers. Nothing else imports this.

The package uses internals of Whoosh. When it is imported, it first checks that the installed distribution has them.
"""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter

import whoosh

from newsearch.errors import EngineError

_NEEDED = (
    "whoosh.codec.base:Codec whoosh.codec.base:PerDocumentReader whoosh.codec.base:TermsReader "
    "whoosh.fields:UnknownFieldError whoosh.formats:Frequency whoosh.index:FileIndex._read_toc whoosh.index:TOC.read "
    "whoosh.matching:ListMatcher whoosh.matching.mcore:ReadTooFar whoosh.query.spans:SpanNear2 "
    "whoosh.reading:EmptyReader whoosh.reading:MultiReader whoosh.reading:SegmentReader "
    "whoosh.scoring:ReverseWeighting.ReverseScorer whoosh.scoring:WeightLengthScorer whoosh.system:pack_uint "
    "whoosh.writing:IndexWriter"
).split()
"""The names in Whoosh that the package requires, whichever distribution of Whoosh is installed."""


def _check() -> None:
    missing = []
    for name in _NEEDED:
        module, _, path = name.partition(":")
        try:
            attrgetter(path)(import_module(module))
        except (ImportError, AttributeError):
            missing.append(name.replace(":", "."))
    if missing:
        version = ".".join(map(str, whoosh.__version__))
        raise EngineError(
            f"Whoosh {version} is installed, which lacks {', '.join(missing)}; "
            "run `pip uninstall whoosh whoosh-reloaded; pip install --force-reinstall 'whoosh3>=3.54,<4'`"
        )


_check()
