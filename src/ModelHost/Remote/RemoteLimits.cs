namespace LatentDb.ModelHost.Remote;

/// <summary>Bounds of what silos ask of each other's models and blocks.</summary>
internal static class RemoteLimits
{
    /// <summary>Silos that one request is tried at: a cluster in which three in a row fail has another problem.</summary>
    public const int MaxTries = 4;

    /// <summary>Blocks that a model silo has reserved ahead: one in work and one for the next piece, so that nobody waits for a round trip.</summary>
    public const int BlocksAhead = 2;

    /// <summary>Bytes of a slice that travel in one message with its name.</summary>
    public const int FirstBytes = 64 << 10;

    /// <summary>Bytes of one message that is no slice: calls hold a text of 16 MiB at most, manifests of the largest banks some 30 MiB.</summary>
    public const int MaxMessageBytes = 64 << 20;

    /// <summary>Streams to one owner that are kept open between reads; one more is closed after its read.</summary>
    public const int MaxIdleStreams = 16;

    /// <summary>Times that the read of one slice goes on after a broken stream without a single new byte.</summary>
    public const int MaxBrokenReads = 5;

    /// <summary>Bytes of encoded manifests that a model silo keeps decoded: tens of thousands of small memories.</summary>
    public const long MaxManifestBytes = 64L << 20;

    /// <summary>Erased memories that wait to be told to the model silos: an hour of constant erasing.</summary>
    public const int MaxForgotten = 1 << 16;

    /// <summary>Of them in one call.</summary>
    public const int MaxForgottenPerCall = 1000;

    /// <summary>Hints that wait; one more is dropped, as hints may be.</summary>
    public const int MaxHints = 256;

    /// <summary>First pause before something is tried again at the same silo; doubled each time.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);

    /// <summary>A silo that could not be reached is passed over for so long, while there are others: about as long as the membership takes to notice.</summary>
    public static readonly TimeSpan AvoidFor = TimeSpan.FromSeconds(5);

    /// <summary>What an answer said of its silo's load holds for so long: a heartbeat of the membership is not fresher.</summary>
    public static readonly TimeSpan PressureLife = TimeSpan.FromSeconds(2);

    /// <summary>What callers are told to wait when no silo computes.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>A silo that does not say what it serves is asked again after this.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    /// <summary>Streams that were not used for as long are closed.</summary>
    public static readonly TimeSpan IdleStream = TimeSpan.FromSeconds(30);

    /// <summary>A hint or a word to forget that takes longer is given up.</summary>
    public static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(10);
}
