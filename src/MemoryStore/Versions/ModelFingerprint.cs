namespace LatentDb.MemoryStore.Versions;

/// <summary>Identity of a checkpoint: 64 lower-case hex digits (SHA-256). A memory can be read only with the model that wrote it.</summary>
public readonly record struct ModelFingerprint
{
    private ModelFingerprint(string value) => Value = value;

    public string Value { get; }

    /// <summary>The first 12 digits, for messages.</summary>
    public string Short => Value[..12];

    /// <exception cref="ArgumentException">Not 64 hex digits.</exception>
    public static ModelFingerprint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length != 64 || !text.All(char.IsAsciiHexDigitLower)) throw new ArgumentException("A fingerprint is 64 lower-case hex digits.", nameof(text));
        return new ModelFingerprint(text);
    }

    public override string ToString() => Value;
}
