namespace LatentDb.MemoryStore.Links;

/// <summary>Bounds of what travels on a link; both ends hold to them, whatever the other one claims.</summary>
public static class LinkLimits
{
    /// <summary>Payload of one frame: a few milliseconds of a slow network, so that a small message never waits long behind a large one.</summary>
    public const int MaxFrameBytes = 1 << 20;

    /// <summary>A message of several frames: the largest body that the edge takes is far below it.</summary>
    public const int MaxMessageBytes = 64 << 20;

    /// <summary>An error's text is cut here: it is one sentence.</summary>
    public const int MaxErrorChars = 2000;
}
