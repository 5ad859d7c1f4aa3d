"""What setup.cfg cannot say: the compiled inner loops, which may be missing where there is no compiler."""

from setuptools import Extension, setup


def compiled(name: str) -> Extension:
    """A module in C that does what one in Python does."""
    return Extension(
        name,
        [f"{name.replace('.', '/')}.c"],
        depends=["newsearch/_urls.h"],
        # Scores must be those of numpy to the last bit, so no product may be joined with a sum.
        extra_compile_args=["-O3", "-ffp-contract=off"],
        py_limited_api=True,
        optional=True,
    )


setup(
    ext_modules=[
        compiled("newsearch._reading"),
        compiled("newsearch.engine.whoosh._building"),
        compiled("newsearch.engine.whoosh._kernel"),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
