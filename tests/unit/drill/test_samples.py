# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.model import Outcome, Sample
from drill.probe.samples import SampleWriter, read_recording, read_recording_file

SAMPLES = st.lists(
    st.builds(
        Sample,
        st.integers(0, 10**6),
        st.integers(0, 10**9),
        st.integers(0, 10**6),
        st.sampled_from(list(Outcome)),
        st.integers(0, 10**7),
        st.one_of(st.none(), st.dictionaries(st.just("who"), st.text(min_size=1, max_size=9), min_size=1)),
    ),
    max_size=30,
)


def header(writer: SampleWriter, lanes: int = 1) -> None:
    writer.note("header", format=1, wall_ns=0, probes=[{"name": f"p{i}"} for i in range(lanes)])


@given(SAMPLES)
def test_what_is_written_is_read_back_in_order_of_slots(samples: list[Sample]) -> None:
    stream = io.BytesIO()
    writer = SampleWriter(stream, 10**9)
    header(writer)
    for sample in samples:
        assert writer.sample(0, sample)
    writer.footer(reason="stopped")
    # As a file gives its lines: only a line feed ends one.
    recording = read_recording(io.StringIO(stream.getvalue().decode()))
    assert recording.samples[0] == sorted(samples, key=lambda sample: sample.seq)
    assert recording.footer is not None
    assert recording.footer["reason"] == "stopped"


def test_a_full_file_refuses_samples_and_still_takes_its_footer() -> None:
    stream = io.BytesIO()
    writer = SampleWriter(stream, 4096)
    header(writer)
    sample = Sample(1, 2, 3, Outcome.OK, 4)
    written = 0
    while writer.sample(0, sample):
        written += 1
    writer.footer(reason="file full")
    content = stream.getvalue()
    assert len(content) <= 4096
    assert written > 10
    recording = read_recording(content.decode().splitlines(keepends=True))
    assert len(recording.samples[0]) == written
    assert recording.footer is not None


def test_a_killed_run_leaves_a_torn_line_that_is_dropped() -> None:
    lines = ['{"t":"header","format":1,"wall_ns":0,"probes":[{"name":"a"}]}\n', '[0,0,1,0,"ok",9]\n', '[0,1,5001,0,"o']
    recording = read_recording(lines)
    assert len(recording.samples[0]) == 1
    assert recording.footer is None


def test_a_broken_line_in_the_middle_is_an_error() -> None:
    lines = ['{"t":"header","format":1,"wall_ns":0,"probes":[]}\n', "[0,1\n", '{"t":"footer"}\n']
    with pytest.raises(ValueError, match="line 2"):
        read_recording(lines)


@pytest.mark.parametrize("lines", [[], ['{"t":"header","format":2,"probes":[]}\n'], ["[0,0,1,0]\n"], ["nonsense"]])
def test_what_is_not_a_samples_file_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="samples"):
        read_recording(lines)


def test_packed_and_plain_files_are_both_read(tmp_path: Path) -> None:
    text = json.dumps({"t": "header", "format": 1, "wall_ns": 0, "probes": []}) + "\n"
    (tmp_path / "plain").write_text(text)
    (tmp_path / "packed").write_bytes(gzip.compress(text.encode()))
    assert read_recording_file(str(tmp_path / "plain")) == read_recording_file(str(tmp_path / "packed"))
