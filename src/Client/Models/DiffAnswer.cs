namespace LatentDb.Client.Models;

/// <summary>What became of a memory from one version to another.</summary>
/// <param name="Id">The memory.</param>
/// <param name="From">The version to start from.</param>
/// <param name="To">The version to arrive at; may be the older one.</param>
/// <param name="TextsAdded">Injects that the version to arrive at contains and the other does not, oldest first.</param>
/// <param name="TextsRemoved">Injects that the version to start from contains and the other does not, oldest first.</param>
/// <param name="BlocksAdded">Blocks of which only the version to arrive at holds rows.</param>
/// <param name="BlocksRemoved">Blocks of which only the version to start from holds rows.</param>
/// <param name="Layers">One entry per layer of the model.</param>
public sealed record DiffAnswer(
    string Id,
    long From,
    long To,
    IReadOnlyList<InjectedText> TextsAdded,
    IReadOnlyList<InjectedText> TextsRemoved,
    IReadOnlyList<string> BlocksAdded,
    IReadOnlyList<string> BlocksRemoved,
    IReadOnlyList<LayerDiff> Layers);

/// <summary>One inject. Without text and messages it was not kept, or the answer was full before it.</summary>
public sealed record InjectedText(long Version, DateTimeOffset CommittedAt, int Tokens, string? Text, IReadOnlyList<Message>? Messages);

/// <summary>Rows of one layer.</summary>
public sealed record LayerDiff(int Layer, PoolDiff Pool, BankDiff Bank);

/// <summary>Rows of a pool.</summary>
/// <param name="Before">Rows of the pool of the version to start from.</param>
/// <param name="After">Rows of the pool of the version to arrive at.</param>
/// <param name="Retained">In both.</param>
/// <param name="Added">New, of blocks written in between.</param>
/// <param name="Revived">Brought back by a rollback.</param>
/// <param name="Dropped">No longer in the pool.</param>
/// <param name="DroppedToBank">Of these, those that are in the bank.</param>
/// <param name="Lost">Of these, those that are gone.</param>
public sealed record PoolDiff(int Before, int After, int Retained, int Added, int Revived, int Dropped, int DroppedToBank, int Lost);

/// <summary>Rows of a long-term bank.</summary>
/// <param name="Before">Rows of the bank of the version to start from.</param>
/// <param name="After">Rows of the bank of the version to arrive at.</param>
/// <param name="Retained">In both.</param>
/// <param name="Entered">Only in the bank of the version to arrive at.</param>
/// <param name="Evicted">Only in the bank of the version to start from.</param>
public sealed record BankDiff(int Before, int After, int Retained, int Entered, int Evicted);
