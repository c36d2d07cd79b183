namespace LatentDb.MemoryStore.Versions.Diff;

/// <summary>What became of the rows of one layer.</summary>
/// <param name="Layer">Its index.</param>
/// <param name="Pool">The short-term pool.</param>
/// <param name="Bank">The long-term bank.</param>
public readonly record struct LayerDiff(int Layer, PoolDiff Pool, BankDiff Bank);

/// <summary>Rows of a pool. A row is a block and a number in it, and counts once, however often it stands in the pool.</summary>
/// <param name="Before">Rows of the pool of the version to start from.</param>
/// <param name="After">Rows of the pool of the version to arrive at: retained + added + revived.</param>
/// <param name="Retained">In both.</param>
/// <param name="Added">Only in the later pool, and of a block that was written in between.</param>
/// <param name="Revived">Only in the pool to arrive at, and of a block that the version to start from could already have known: brought back by a rollback.</param>
/// <param name="DroppedToBank">No longer in the pool, but in the bank.</param>
/// <param name="Lost">Neither in the pool nor in the bank any more.</param>
public readonly record struct PoolDiff(int Before, int After, int Retained, int Added, int Revived, int DroppedToBank, int Lost)
{
    /// <summary>All rows that the pool lost.</summary>
    public int Dropped => DroppedToBank + Lost;
}

/// <summary>Rows of a bank.</summary>
/// <param name="Before">Rows of the bank of the version to start from.</param>
/// <param name="After">Rows of the bank of the version to arrive at: retained + entered.</param>
/// <param name="Retained">In both.</param>
/// <param name="Entered">Only in the bank to arrive at.</param>
/// <param name="Evicted">Only in the bank to start from: their life ended, or a rollback undid their entry.</param>
public readonly record struct BankDiff(int Before, int After, int Retained, int Entered, int Evicted);
