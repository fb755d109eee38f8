"""The footer of a Parquet file with every offset moved: what it takes to put the file's data behind something else.

No Parquet library writes anywhere but at the beginning of a file. The footer is one struct in Thrift's compact encoding; it is read field
by field and written again as it was, but for the offsets. Sources: the Parquet format's `parquet.thrift`, Thrift's compact protocol.
"""

from io import BytesIO

# fields by their numbers in parquet.thrift: FileMetaData.row_groups[], RowGroup.columns[], ColumnChunk.meta_data
ROW_GROUP, COLUMN, COLUMN_DATA = (4,), (4, 1), (4, 1, 3)
OFFSETS = {
    (*ROW_GROUP, 5): "RowGroup.file_offset",
    (*COLUMN, 2): "ColumnChunk.file_offset",
    (*COLUMN, 4): "ColumnChunk.offset_index_offset",
    (*COLUMN, 6): "ColumnChunk.column_index_offset",
    (*COLUMN_DATA, 9): "ColumnMetaData.data_page_offset",
    (*COLUMN_DATA, 10): "ColumnMetaData.index_page_offset",
    (*COLUMN_DATA, 11): "ColumnMetaData.dictionary_page_offset",
    (*COLUMN_DATA, 14): "ColumnMetaData.bloom_filter_offset",
}
STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)


def shifted(footer: bytes, by: int) -> bytes:
    """The same footer for data that lie `by` bytes further on. Offsets of 0 (not used by the writer) stay 0."""
    source, target = BytesIO(footer), BytesIO()
    _Copy(source, target, by).struct(())
    return target.getvalue()


class _Copy:
    """Copies Thrift values from `source` to `target`; `path` is the field numbers that lead to the value."""

    def __init__(self, source: BytesIO, target: BytesIO, by: int) -> None:
        self.source, self.target, self.by = source, target, by

    def struct(self, path: tuple[int, ...]) -> None:
        field = 0
        while kind := (head := self.bytes(1)[0]) & 15:
            field = field + (head >> 4) if head >> 4 else _signed(self.varint())
            self.value(kind, (*path, field))

    def value(self, kind: int, path: tuple[int, ...], is_element: bool = False) -> None:
        if kind in (TRUE, FALSE):
            self.bytes(1 if is_element else 0)  # a field's truth is in its head
        elif kind == BYTE:
            self.bytes(1)
        elif kind in (I16, I32):
            self.varint()
        elif kind == I64:
            offset = _signed(_read_varint(self.source))
            _write_varint(self.target, _unsigned(offset + self.by if path in OFFSETS and offset else offset))
        elif kind == DOUBLE:
            self.bytes(8)
        elif kind == BINARY:
            self.bytes(self.varint())
        elif kind in (LIST, SET):
            head = self.bytes(1)[0]
            for _ in range(head >> 4 if head >> 4 < 15 else self.varint()):
                self.value(head & 15, path, is_element=True)
        elif kind == MAP:
            if count := self.varint():
                kinds = self.bytes(1)[0]
                for _ in range(count):
                    self.value(kinds >> 4, path, is_element=True)
                    self.value(kinds & 15, path, is_element=True)
        elif kind == STRUCT:
            self.struct(path)
        else:
            raise ValueError(f"The footer holds a value of an unknown kind ({kind}).")

    def bytes(self, count: int) -> bytes:
        copied = self.source.read(count)
        if len(copied) != count:
            raise ValueError("The footer ends in the middle of a value.")
        self.target.write(copied)
        return copied

    def varint(self) -> int:
        value = _read_varint(self.source)
        _write_varint(self.target, value)
        return value


def _read_varint(source: BytesIO) -> int:
    value = shift = 0
    while True:
        part = source.read(1)
        if not part:
            raise ValueError("The footer ends in the middle of a number.")
        value |= (part[0] & 127) << shift
        if part[0] < 128:
            return value
        shift += 7


def _write_varint(target: BytesIO, value: int) -> None:
    while value > 127:
        target.write(bytes([value & 127 | 128]))
        value >>= 7
    target.write(bytes([value]))


def _signed(value: int) -> int:
    return value >> 1 ^ -(value & 1)


def _unsigned(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1
