"""What setup.cfg cannot say: the compiled inner loops, which may be missing where there is no compiler."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "newsearch.engine.whoosh._kernel",
            ["newsearch/engine/whoosh/_kernel.c"],
            # Scores must be those of numpy to the last bit, so no product may be joined with a sum.
            extra_compile_args=["-O3", "-ffp-contract=off"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
