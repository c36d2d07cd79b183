namespace LatentDb.MemoryStore.MessagePack;

/// <summary>
/// Walks an integer-keyed map, the shape of every payload: fields come in ascending order of key, a missing optional field is passed over, and a
/// field of a newer writer is skipped.
/// </summary>
public struct FieldReader
{
    private int _left;
    private int _key;

    /// <summary>Reads the head of the map.</summary>
    /// <exception cref="MessagePackFormatException">From every member: the bytes are no such map.</exception>
    public static FieldReader Begin(ref MessagePackReader reader)
    {
        var fields = new FieldReader { _left = reader.ReadMapHeader(), _key = int.MinValue };
        fields.Advance(ref reader);
        return fields;
    }

    /// <summary>Stands on the value of that field, or returns false when the record has none.</summary>
    public bool TryField(ref MessagePackReader reader, int key)
    {
        while (_left >= 0 && _key < key)
        {
            reader.Skip();
            Advance(ref reader);
        }

        return _left >= 0 && _key == key;
    }

    /// <summary>Stands on the value of a field that must be there.</summary>
    public void Field(ref MessagePackReader reader, int key)
    {
        if (!TryField(ref reader, key)) throw new MessagePackFormatException($"Field {key} is missing.");
    }

    /// <summary>The value of the current field was read.</summary>
    public void Next(ref MessagePackReader reader) => Advance(ref reader);

    /// <summary>Skips what is left of the map.</summary>
    public void End(ref MessagePackReader reader)
    {
        while (_left >= 0)
        {
            reader.Skip();
            Advance(ref reader);
        }
    }

    private void Advance(ref MessagePackReader reader)
    {
        _left--;
        if (_left < 0) return;
        int key = reader.ReadInt32();
        if (key <= _key) throw new MessagePackFormatException($"Field {key} stands after field {_key}.");
        _key = key;
    }
}
