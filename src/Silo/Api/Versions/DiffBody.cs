using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions.Diff;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Versions;

/// <summary>What became of a memory from one version to another.</summary>
/// <param name="Id">The memory.</param>
/// <param name="From">The version to start from.</param>
/// <param name="To">The version to arrive at; may be the older one.</param>
/// <param name="TextsAdded">Injects that <c>to</c> contains and <c>from</c> does not, oldest first.</param>
/// <param name="TextsRemoved">Injects that <c>from</c> contains and <c>to</c> does not, oldest first.</param>
/// <param name="BlocksAdded">Blocks of which <c>to</c> holds rows and <c>from</c> none, in the order of writing.</param>
/// <param name="BlocksRemoved">Blocks of which <c>from</c> holds rows and <c>to</c> none.</param>
/// <param name="Layers">One entry per layer of the model.</param>
internal sealed record DiffBody(
    string Id, long From, long To, InjectedTextBody[] TextsAdded, InjectedTextBody[] TextsRemoved, string[] BlocksAdded, string[] BlocksRemoved, LayerDiffBody[] Layers)
{
    public static DiffBody Of(string id, MemoryDiff diff) => new(
        id,
        diff.Rows.From.Number.Value,
        diff.Rows.To.Number.Value,
        [.. diff.Added.Select(InjectedTextBody.Of)],
        [.. diff.Removed.Select(InjectedTextBody.Of)],
        [.. diff.Rows.BlocksAdded.Select(b => b.ToString())],
        [.. diff.Rows.BlocksRemoved.Select(b => b.ToString())],
        [.. diff.Rows.Layers.Select(LayerDiffBody.Of)]);
}

/// <summary>One inject.</summary>
/// <param name="Version">The version that it made.</param>
/// <param name="CommittedAt">RFC 3339.</param>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Text">What was injected as text; absent when it was not kept, or when the answer was full before it.</param>
/// <param name="Messages">What was injected as a conversation.</param>
internal sealed record InjectedTextBody(long Version, string CommittedAt, int Tokens, string? Text, MessageBody[]? Messages)
{
    public static InjectedTextBody Of(InjectedText inject) => new(
        inject.Version.Number.Value, inject.Version.CommittedAt.ToString(), inject.Version.Tokens, TextBodies.PlainOf(inject.Text), TextBodies.MessagesOf(inject.Text));
}

/// <summary>Rows of one layer: its pool and its long-term bank.</summary>
internal sealed record LayerDiffBody(int Layer, PoolDiffBody Pool, BankDiffBody Bank)
{
    public static LayerDiffBody Of(LayerDiff diff) => new(
        diff.Layer,
        new PoolDiffBody(diff.Pool.Before, diff.Pool.After, diff.Pool.Retained, diff.Pool.Added, diff.Pool.Revived, diff.Pool.Dropped, diff.Pool.DroppedToBank, diff.Pool.Lost),
        new BankDiffBody(diff.Bank.Before, diff.Bank.After, diff.Bank.Retained, diff.Bank.Entered, diff.Bank.Evicted));
}

/// <summary>Rows of a pool.</summary>
/// <param name="Before">Rows of the pool of <c>from</c>.</param>
/// <param name="After">Rows of the pool of <c>to</c>: retained + added + revived.</param>
/// <param name="Retained">In both.</param>
/// <param name="Added">New, of blocks written in between.</param>
/// <param name="Revived">Brought back by a rollback.</param>
/// <param name="Dropped">No longer in the pool: dropped_to_bank + lost.</param>
/// <param name="DroppedToBank">No longer in the pool, but in the bank.</param>
/// <param name="Lost">Neither in the pool nor in the bank any more.</param>
internal sealed record PoolDiffBody(int Before, int After, int Retained, int Added, int Revived, int Dropped, int DroppedToBank, int Lost);

/// <summary>Rows of a long-term bank.</summary>
/// <param name="Before">Rows of the bank of <c>from</c>.</param>
/// <param name="After">Rows of the bank of <c>to</c>: retained + entered.</param>
/// <param name="Retained">In both.</param>
/// <param name="Entered">Only in the bank of <c>to</c>.</param>
/// <param name="Evicted">Only in the bank of <c>from</c>.</param>
internal sealed record BankDiffBody(int Before, int After, int Retained, int Entered, int Evicted);
