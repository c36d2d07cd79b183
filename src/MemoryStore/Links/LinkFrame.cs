namespace LatentDb.MemoryStore.Links;

/// <summary>One message as it was received. Its bytes are valid until the next one is read.</summary>
/// <param name="Kind">What it is, to the service of the channel.</param>
/// <param name="Payload">Checked against its checksum.</param>
public readonly record struct LinkFrame(byte Kind, ReadOnlyMemory<byte> Payload);

/// <summary>Kinds of frames that every channel has. The numbers go over the wire; a service's own kinds begin at <see cref="FirstOfService"/>.</summary>
public static class LinkFrameKind
{
    /// <summary>The sender has said everything. Without it the end of a stream is a cut.</summary>
    public const byte End = 0;

    /// <summary>The sender failed and says how; nothing follows.</summary>
    public const byte Error = 1;

    /// <summary>A piece of the message whose last piece is the next frame of another kind.</summary>
    public const byte Part = 2;

    /// <summary>The first number that a service may give a meaning to.</summary>
    public const byte FirstOfService = 16;
}
