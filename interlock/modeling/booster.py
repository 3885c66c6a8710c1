"""LightGBM's C API, as much of it as scoring needs: importing the package itself takes over a second.

Rows are scored apart from each other, so neither the number of threads nor of rows changes a bit.
"""

import ctypes
import weakref
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlock.errors import ArtifactError
from interlock.modeling import booster_text

LIBRARIES = {"lib_lightgbm.so", "lib_lightgbm.dylib"}
FLOAT64, ROW_MAJOR = 1, 1
RAW, CONTRIBUTIONS = 1, 3
SPLITS, GAIN = 0, 1
ALL_ROUNDS = -1
NAME_LENGTH = 256


@cache
def library() -> ctypes.CDLL:
    """The shared library of the installed lightgbm; raises ArtifactError where it is missing or does not load."""
    try:
        files = distribution("lightgbm").files or []
        place = next(file for file in files if file.name in LIBRARIES).locate()
        loaded = ctypes.CDLL(str(place))
    except (PackageNotFoundError, StopIteration, OSError) as error:
        reason = str(error) or "its wheel holds no shared library"
        raise ArtifactError(f"LightGBM cannot be loaded: {reason}", "run: make (on macOS it needs libomp)") from error
    loaded.LGBM_GetLastError.restype = ctypes.c_char_p
    return loaded


class Booster:
    """A trained LightGBM model, from the text of its file; all of its rounds count."""

    def __init__(self, text: str, *, threads: int = 1) -> None:
        """Raises ArtifactError where `text` is no model, or a damaged one."""
        booster_text.check(text)
        self.threads = threads
        self._handle = ctypes.c_void_p()
        rounds = ctypes.c_int()
        _call("LGBM_BoosterLoadModelFromString", text.encode(), ctypes.byref(rounds), ctypes.byref(self._handle))
        weakref.finalize(self, library().LGBM_BoosterFree, self._handle)
        self.rounds = rounds.value
        self.features = self._names()
        classes = ctypes.c_int()
        _call("LGBM_BoosterGetNumClasses", self._handle, ctypes.byref(classes))
        self.classes = classes.value

    def raw(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """The raw score of each row of `matrix` (n, k), before any link function: (n,), or (n, classes)."""
        found = self._predict(matrix, RAW, self.classes)
        return found if self.classes > 1 else found[:, 0]

    def contributions(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Exact TreeSHAP (Lundberg et al., 2018): each feature's part of the raw score, last the expected score.

        (n, k + 1), or (n, classes, k + 1).
        """
        width = len(self.features) + 1
        found = self._predict(matrix, CONTRIBUTIONS, self.classes * width)
        return found.reshape(-1, self.classes, width) if self.classes > 1 else found

    def importance(self, kind: int) -> list[float]:
        """For each feature the number of its splits (SPLITS), or their total gain (GAIN)."""
        found = np.zeros(len(self.features), np.float64)
        _call("LGBM_BoosterFeatureImportance", self._handle, ALL_ROUNDS, kind, _pointer(found))
        return found.tolist()

    def _predict(self, matrix: NDArray[np.float64], kind: int, width: int) -> NDArray[np.float64]:
        matrix = np.ascontiguousarray(matrix, np.float64)
        rows, columns = (ctypes.c_int32(count) for count in matrix.shape)
        out, size = np.empty((rows.value, width), np.float64), ctypes.c_int64()
        if rows.value == 0:
            return out
        _call("LGBM_BoosterCalcNumPredict", self._handle, rows, kind, 0, ALL_ROUNDS, ctypes.byref(size))
        if size.value != out.size:
            raise ArtifactError(f"the model gives {size.value} numbers for {rows.value} rows, expected {out.size}", "train again")
        settings = f"num_threads={self.threads} verbosity=-1".encode()
        _call(
            "LGBM_BoosterPredictForMat", self._handle, _pointer(matrix), FLOAT64, rows, columns, ROW_MAJOR,
            kind, 0, ALL_ROUNDS, settings, ctypes.byref(size), _pointer(out),
        )  # fmt: skip
        return out

    def _names(self) -> list[str]:
        names, size = self._named(NAME_LENGTH)
        return names if size <= NAME_LENGTH else self._named(size)[0]

    def _named(self, length: int) -> tuple[list[str], int]:
        """The names of the features, each cut to `length` bytes, and the bytes that the longest needs."""
        count, size = ctypes.c_int(), ctypes.c_size_t()
        _call("LGBM_BoosterGetNumFeature", self._handle, ctypes.byref(count))
        buffers = [ctypes.create_string_buffer(length) for _ in range(count.value)]
        pointers = (ctypes.c_void_p * count.value)(*map(ctypes.addressof, buffers))
        _call(
            "LGBM_BoosterGetFeatureNames", self._handle, count, ctypes.byref(ctypes.c_int()),
            ctypes.c_size_t(length), ctypes.byref(size), pointers,
        )  # fmt: skip
        return [buffer.value.decode(errors="replace") for buffer in buffers], size.value


def _call(function: str, *arguments: Any) -> None:
    if getattr(library(), function)(*arguments) != 0:
        reason = library().LGBM_GetLastError().decode(errors="replace")
        raise ArtifactError(f"LightGBM refuses the model: {reason}", "run: dvc checkout models, or train again")


def _pointer(array: NDArray[np.float64]) -> Any:
    return array.ctypes.data_as(ctypes.c_void_p)
