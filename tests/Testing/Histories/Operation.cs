namespace LatentDb.Testing.Histories;

/// <summary>What a client asked of one memory, when, and what it was told.</summary>
/// <param name="Client">Who asked; one client asks one thing at a time.</param>
/// <param name="Kind">What was asked.</param>
/// <param name="Version">The version that the answer names, or that the request expects as its head; 0 = none.</param>
/// <param name="Outcome">What the answer was.</param>
/// <param name="Invoked">Before the request was sent, in ticks of one clock for all clients.</param>
/// <param name="Returned">
/// After the answer was read. For an unknown outcome it is not used: what was asked may happen at any later time, or never. <see cref="long.MaxValue"/> = nobody
/// was told, and the memory's history shows that it happened.
/// </param>
public sealed record Operation(int Client, OperationKind Kind, long Version, OperationOutcome Outcome, long Invoked, long Returned)
{
    public override string ToString() => $"client {Client} {Kind} {Version} {Outcome} [{Invoked}, {(Outcome == OperationOutcome.Unknown ? "?" : Returned)}]";
}

/// <summary>What can be asked.</summary>
public enum OperationKind
{
    /// <summary>Makes the memory: with version 1, also as a fork, or with the versions of an archive.</summary>
    Create,

    /// <summary>Makes the next version: an inject or a rollback.</summary>
    Write,

    /// <summary>Makes the next version if the head is the expected one.</summary>
    WriteIfHead,

    /// <summary>Tells the head: a description, the version that a query read, that a fork began with, that an archive ends with, or that a snapshot names.</summary>
    Read,

    /// <summary>Ends the memory.</summary>
    Erase,
}

/// <summary>What a client was told.</summary>
public enum OperationOutcome
{
    /// <summary>It happened.</summary>
    Done,

    /// <summary>Refused: there is no such memory.</summary>
    NotFound,

    /// <summary>Refused: there is one already.</summary>
    Exists,

    /// <summary>Refused: the head is another version.</summary>
    Conflict,

    /// <summary>The connection broke, or the answer says that nobody knows.</summary>
    Unknown,
}
