"""What setup.cfg cannot say: the compiled inner loops, which may be missing where there is no compiler."""

from glob import glob

from setuptools import Extension, setup

_ARRAYS = "newsearch/engine/arrays"

setup(
    ext_modules=[
        Extension(
            name.replace("/", "."),
            sorted(glob(f"{name}*.c")),
            include_dirs=["newsearch/_c"],
            depends=sorted(glob("newsearch/_c/*.h") + glob(f"{name}*.h")),
            # Scores must be those of numpy to the last bit, so no product may be joined with a sum.
            extra_compile_args=["-O3", "-ffp-contract=off", "-fvisibility=hidden"],
            py_limited_api=True,
            optional=True,
        )
        for name in (
            "newsearch/articles/_reading",
            f"{_ARRAYS}/loops/_kernel",
            f"{_ARRAYS}/loops/_sieve",
            f"{_ARRAYS}/searching/_lookup",
            f"{_ARRAYS}/writing/_building",
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
