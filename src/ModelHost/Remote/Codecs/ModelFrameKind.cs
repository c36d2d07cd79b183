using LatentDb.MemoryStore.Links;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>Messages on the channels of the model and of the blocks. The numbers go over the wire.</summary>
internal static class ModelFrameKind
{
    /// <summary>To the model: what is asked, the first message of a stream.</summary>
    public const byte Call = LinkFrameKind.FirstOfService;

    /// <summary>To the model: the manifest that it did not have.</summary>
    public const byte Manifest = 17;

    /// <summary>To the model: one more reserved block.</summary>
    public const byte Block = 18;

    /// <summary>To the owner: send the manifest.</summary>
    public const byte WantManifest = 19;

    /// <summary>Begins a slice and carries its first bytes; both channels.</summary>
    public const byte SliceHead = 20;

    /// <summary>Further bytes of the slice.</summary>
    public const byte SliceBytes = 21;

    /// <summary>To the owner: an inject is complete.</summary>
    public const byte Outcome = 22;

    /// <summary>To the owner: a step of an answer.</summary>
    public const byte Event = 23;

    /// <summary>To the owner: what the silo serves.</summary>
    public const byte Description = 24;

    /// <summary>To the owner: the manifest of a new memory, after its slices.</summary>
    public const byte Genesis = 25;

    /// <summary>
    /// What was asked cannot be had, and why. Not the error of the frames below: so an error that was sent is told from bytes that were damaged on the way.
    /// </summary>
    public const byte Failed = 26;

    /// <summary>To the owner of blocks: send a slice.</summary>
    public const byte Read = 27;

    /// <summary>To the owner of blocks: a slice will be wanted soon; not answered.</summary>
    public const byte Announce = 28;

    /// <summary>To the owner, before an answer and after it: the requests that use or wait for the model, without this one.</summary>
    public const byte Pressure = 29;
}
