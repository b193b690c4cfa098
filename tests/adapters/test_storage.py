"""Files by fingerprint: kept once, written whole, checked when read, never outside their folder."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.adapters.storage import FileLost, Storage


def test_content_comes_back_by_its_fingerprint_and_is_kept_once(tmp_path):
    storage = Storage(tmp_path / "storage")
    sha256 = storage.put(b"content")
    assert sha256 == hashlib.sha256(b"content").hexdigest() == storage.put(b"content")
    assert storage.get(sha256) == b"content"
    assert len([path for path in (tmp_path / "storage").rglob("*") if path.is_file()]) == 1
    assert storage.path(sha256).stat().st_mode & 0o077 == 0


def test_a_changed_and_a_missing_file_are_found_out(tmp_path):
    storage = Storage(tmp_path)
    sha256 = storage.put(b"content")
    storage.path(sha256).write_bytes(b"CONTENT")
    with pytest.raises(FileLost, match="changed on disk"):
        storage.get(sha256)
    storage.path(sha256).unlink()
    with pytest.raises(FileLost, match="backup"):
        storage.get(sha256)


def test_a_file_cut_short_is_written_again(tmp_path):
    storage = Storage(tmp_path)
    sha256 = storage.put(b"content")
    storage.path(sha256).write_bytes(b"con")
    assert storage.get(storage.put(b"content")) == b"content"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", "/" + "a" * 63])
def test_only_fingerprints_are_names(tmp_path, name):
    with pytest.raises(ValueError, match="fingerprint"):
        Storage(tmp_path).path(name)


def test_many_writers_of_the_same_content_leave_one_whole_file(tmp_path):
    storage, content = Storage(tmp_path), b"x" * 1_000_000
    with ThreadPoolExecutor(16) as pool:
        kept = set(pool.map(lambda _: storage.put(content), range(32)))
    assert len(kept) == 1
    assert storage.get(kept.pop()) == content
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
