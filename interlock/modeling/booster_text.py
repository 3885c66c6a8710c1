"""The text of a LightGBM model, checked before its library reads it: that one believes it, and may end the process, or never end."""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from interlock.errors import ArtifactError

FIRST, END, PARAMETERS = b"\n\nTree=0\n", b"end of trees", b"\nend of parameters"
CHILDREN, FEATURE, LEAVES = (b"left_child", b"right_child"), b"split_feature", b"leaf_value"
WHOLE = b"-0123456789 "
REMEDY = "run: dvc checkout models, or train again"
Fields: TypeAlias = dict[bytes, bytes]


def check(text: str) -> None:
    """Raise ArtifactError where a model was cut short, or a node's children or feature are none: a child is a later node, or a leaf."""
    content = text.encode()
    try:
        head, trees = _parts(content)
        _walkable(trees, _number(head[b"max_feature_idx"]))
    except KeyError as error:
        raise ArtifactError(f"the booster is damaged: it does not say its {error.args[0].decode()}", REMEDY) from error
    except ValueError as error:
        raise ArtifactError(f"the booster is damaged: {error}", REMEDY) from error


def _parts(content: bytes) -> tuple[Fields, list[Fields]]:
    """What a model and each of its trees say, by name; raises ValueError where it does not end as it says, and LightGBM writes."""
    if not content.startswith(b"tree\n") or FIRST not in content:
        raise ValueError("it holds no tree")
    start = content.index(FIRST) + 2
    head = _fields(content[:start])
    ends = list(accumulate(map(_number, head[b"tree_sizes"].split()), initial=start))
    if content[ends[-1] : ends[-1] + len(END)] != END or PARAMETERS not in content[ends[-1] :]:
        raise ValueError(f"it does not end after the {len(ends) - 1} trees that it names")
    blocks = [content[left:right] for left, right in pairwise(ends)]
    if any(not block.startswith(b"Tree=%d\n" % place) or block.count(b"Tree=") > 1 for place, block in enumerate(blocks)):
        raise ValueError(f"it does not hold the {len(blocks)} trees that it names")
    return head, [_fields(block) for block in blocks]


def _fields(block: bytes) -> Fields:
    lines = [line.partition(b"=")[::2] for line in block.split(b"\n") if line]
    if len(found := dict(lines)) < len(lines):
        raise ValueError("it says a thing twice")
    return found


def _walkable(trees: Sequence[Fields], most: int) -> None:
    """Raise ValueError where a walk through a tree from its first node would not come to a leaf."""
    leaves = [_number(tree[b"num_leaves"]) for tree in trees]
    for tree, count in zip(trees, leaves, strict=True):
        if count < 1 or _length(tree[LEAVES]) != count or any(_length(tree[name]) != count - 1 for name in (*CHILDREN, FEATURE)):
            raise ValueError("a tree has not as many nodes and leaves as it says")
    nodes = np.array(leaves) - 1
    own = np.arange(nodes.sum()) - np.repeat(np.cumsum(nodes) - nodes, nodes)
    last = np.repeat(nodes, nodes)
    for name in CHILDREN:
        child = _numbers(tree[name] for tree in trees)
        if not np.where(child >= 0, (child > own) & (child < last), ~child <= last).all():
            raise ValueError(f"a {name.decode()} is neither a later node nor a leaf")
    feature = _numbers(tree[FEATURE] for tree in trees)
    if not ((feature >= 0) & (feature <= most)).all():
        raise ValueError(f"a {FEATURE.decode()} is none")


def _length(values: bytes) -> int:
    return values.count(b" ") + 1 if values else 0


def _number(value: bytes) -> int:
    if not re.fullmatch(rb"\d{1,9}", value):
        raise ValueError(f"{value[:20].decode(errors='replace')!r} is no count")
    return int(value)


def _numbers(lists: Iterable[bytes]) -> NDArray[np.int64]:
    text = b" ".join(filter(None, lists))
    if text.translate(None, WHOLE):
        raise ValueError("a node is no whole number")
    return np.fromstring(text, np.int64, sep=" ")
