"""Whoosh's own tests that cannot pass over newsearch, by the reason."""

from __future__ import annotations

RELEASE = "3.54.0"
"""The release of whoosh3 that these tests are from."""

_REASONS: dict[str, tuple[str, ...]] = {
    "looks into Whoosh's own files": (
        "test_cli.py::test_stats_json_output",
        "test_codecs.py::test_corrupt_postings_block_raises_clear_error",
        "test_codecs.py::test_tiny_blocks_stored_uncompressed_round_trip",
        "test_columns.py::test_varbytes_offsets",
        "test_downstream_compat.py::test_index_files_deletable_after_close",
    ),
    "replaces parts of Whoosh's own SegmentWriter": (
        "test_writing.py::test_cancel_failure_releases_writelock",
        "test_writing.py::test_commit_failure_releases_writelock",
    ),
    "tests the writer of several processes, which merges Whoosh's own files; newsearch refuses it": (
        "test_mpwriter.py::test_basic_multi",
        "test_mpwriter.py::test_basic_serial",
        "test_mpwriter.py::test_batchsize_eq_doccount",
        "test_mpwriter.py::test_filestorage_still_uses_mpwriter",
        "test_mpwriter.py::test_finish_segment",
        "test_mpwriter.py::test_merge_multi",
        "test_mpwriter.py::test_merge_serial",
        "test_mpwriter.py::test_mpwriter_default_start_method_unchanged",
        "test_mpwriter.py::test_mpwriter_explicit_start_method",
        "test_mpwriter.py::test_mpwriter_mixed_postings_and_empty",
        "test_mpwriter.py::test_mpwriter_stored_only_no_postings",
        "test_mpwriter.py::test_multisegment",
        "test_mpwriter.py::test_no_add",
        "test_mpwriter.py::test_no_score_no_store",
        "test_mpwriter.py::test_ramstorage_procs_fallback_indexes_all_docs",
    ),
    "chooses another codec, which writes Whoosh's own files; newsearch refuses it": (
        "test_codecs.py::test_plaintext_codec",
    ),
    "expects lengths as rounded in Whoosh's files, where each is one byte; newsearch's lengths are exact": (
        "test_indexing.py::test_lengths",
        "test_indexing.py::test_many_lengths",
        "test_quality.py::test_max_field_length",
        "test_quality.py::test_minmax_field_length",
    ),
    "expects Whoosh's choice of which segment files to merge, and in what order": (
        "test_reading.py::test_doc_count",
        "test_writing.py::test_add_reader",
    ),
    "reads character offsets from the format of Whoosh's postings; newsearch finds them in the stored text": (
        "test_highlighting.py::test_pinpoint",
        "test_spans.py::test_span_characters",
    ),
    "changes the schema in Whoosh's files; newsearch's schema is fixed, and it refuses": (
        "test_flexible.py::test_addfield",
        "test_flexible.py::test_addfield_spelling",
        "test_flexible.py::test_optimize_away",
        "test_flexible.py::test_removefield",
        "test_sorting.py::test_add_sortable",
        "test_sorting.py::test_missing_column",
        "test_vectors.py::test_add_vectored_field",
        "test_writing.py::test_add_field",
    ),
    "sets the boost of a document, which newsearch refuses": ("test_indexing.py::test_doc_boost",),
}

KNOWN = {name: reason for reason, names in _REASONS.items() for name in names}
"""The reason of each test, by its name: file::test."""
