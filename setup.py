"""What setup.cfg cannot say: the compiled inner loops, which may be missing where there is no compiler."""

from setuptools import Extension, setup

_PACKAGE = "newsearch"
_ENGINE = "newsearch/engine/whoosh"

setup(
    ext_modules=[
        Extension(
            name.replace("/", "."),
            [f"{name}.c"],
            depends=[
                *(f"{_PACKAGE}/_{each}.h" for each in ("slots", "spaces", "urls")),
                f"{_ENGINE}/_arrays.h",
            ],
            # Scores must be those of numpy to the last bit, so no product may be joined with a sum.
            extra_compile_args=["-O3", "-ffp-contract=off"],
            py_limited_api=True,
            optional=True,
        )
        for name in (
            f"{_PACKAGE}/_reading",
            f"{_ENGINE}/_building",
            f"{_ENGINE}/_kernel",
            f"{_ENGINE}/_sieve",
            f"{_ENGINE}/_words",
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
