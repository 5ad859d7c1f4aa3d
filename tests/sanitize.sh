#!/usr/bin/env bash
# Runs the tests that reach compiled code on modules built with AddressSanitizer and UndefinedBehaviorSanitizer.
#
#     tests/sanitize.sh [PYTHON [PYTEST ARGUMENTS...]]
#
# PYTHON has newsearch's test extra, by default python3. Nothing outside of a temporary directory is written.
set -euo pipefail
python=${1:-python3}
[ $# -gt 0 ] && shift
case $python in */*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/copy
mkdir "$copy"
git ls-files -z --cached --others --exclude-standard | tar -cf - --null -T - | tar -xf - -C "$copy"

CC=${CC:-cc}
export CC CFLAGS="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
LDFLAGS="-fsanitize=address,undefined" "$python" -m pip install -q --no-deps --target "$work/site" "$copy"
(cd "$work/site" && find newsearch -name '*.so' -print0 | tar -cf - --null -T -) | tar -xf - -C "$copy"

# The runtime has to come before everything else in a Python that was built without it.
preload=
for library in libasan.so libstdc++.so.6; do preload="$preload $("$CC" -print-file-name=$library)"; done
# Python keeps memory until its process ends, and has its own allocator, which would hide what is wrong. Its debugging
# one stops who allocates without the interpreter's lock. A third of the time went into noting thirty callers of each
# allocation, of which a report needs a few.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:malloc_context_size=6 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc_debug
cd "$copy"
LD_PRELOAD=$preload PYTHONPATH=$copy "$python" -c "
from importlib import import_module
from newsearch._compiled import MODULES
for name in MODULES:
    module = import_module(name)
    assert module.__file__.startswith('$copy/'), module.__file__
    assert b'__asan_' in open(module.__file__, 'rb').read(), f'{name} was built without sanitizers'
"
arrays=tests/engine/arrays
LD_PRELOAD=$preload PYTHONPATH=$copy "$python" -m pytest -p no:cacheprovider "$@" tests/articles tests/sources/test_listing.py \
    $arrays/test_kernel.py $arrays/test_sieve.py $arrays/test_lookup.py $arrays/test_building.py $arrays/test_hostile.py \
    $arrays/test_stored.py $arrays/test_json_articles.py $arrays/test_groups.py $arrays/test_urls.py \
    $arrays/test_cache.py $arrays/test_vocabulary.py \
    tests/stories/test_comparing.py tests/stories/test_likeness.py tests/stories/test_linkage.py tests/stories/test_smoothing.py \
    tests/opensearch/test_coding.py
