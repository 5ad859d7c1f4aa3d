"""What setup.cfg cannot say: the compiled inner loops, which may be missing where there is no compiler."""

from runpy import run_path

from setuptools import Extension, setup

_compiled = run_path("newsearch/_compiled.py")
sources, fingerprint = _compiled["sources"], _compiled["fingerprint"]

setup(
    ext_modules=[
        Extension(
            name,
            [file for file in files if file.endswith(".c")],
            include_dirs=["newsearch/_c"],
            depends=[file for file in files if file.endswith(".h")],
            define_macros=[("SOURCE", str(fingerprint(files)) + "u")],
            # Scores must be those of numpy to the last bit, so no product may be joined with a sum.
            extra_compile_args=["-O3", "-ffp-contract=off", "-fvisibility=hidden"],
            py_limited_api=True,
            optional=True,
        )
        for name in _compiled["MODULES"]
        for files in [sources(name.replace(".", "/"))]
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}, "build_ext": {"parallel": True}},
)
