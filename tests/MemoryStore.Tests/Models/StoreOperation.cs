namespace LatentDb.MemoryStore.Tests.Models;

/// <summary>
/// One step of a history, as a value that can be printed, compared and made smaller. Numbers are taken modulo what is there, so that every
/// operation has a meaning after any other was taken out of the sequence.
/// </summary>
internal abstract record StoreOperation
{
    /// <summary>The same step, a little simpler: what shrinking tries.</summary>
    public virtual IEnumerable<StoreOperation> Simpler() => [];

    internal sealed record Create(int Memory) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler() => Memory > 0 ? [this with { Memory = 0 }] : [];
    }

    internal sealed record Erase(int Memory) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler() => Memory > 0 ? [this with { Memory = 0 }] : [];
    }

    /// <param name="Version">Counted from 0; one past the last names a version that does not exist.</param>
    internal sealed record Fork(int Memory, int Version, int Target) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler() => Version > 0 ? [this with { Version = 0 }] : [];
    }

    /// <param name="Seed">Decides the bytes, the dropped rows and what happens to the bank.</param>
    /// <param name="Operation">Which of a few idempotency keys; 0 = none.</param>
    /// <param name="IsStale">Names another head than the one that is there.</param>
    /// <param name="IsGivenUp">Stages everything and never commits it.</param>
    internal sealed record Inject(int Memory, int Seed, int Chunks, int Operation, bool IsStale, bool IsGivenUp) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler()
        {
            if (Memory > 0) yield return this with { Memory = 0 };
            if (Seed > 1) yield return this with { Seed = 1 };
            if (Chunks > 1) yield return this with { Chunks = 1 };
            if (Operation > 0) yield return this with { Operation = 0 };
            if (IsStale) yield return this with { IsStale = false };
            if (IsGivenUp) yield return this with { IsGivenUp = false };
        }
    }

    /// <param name="Version">Counted from 0; one past the last names a version that does not exist.</param>
    internal sealed record RollBack(int Memory, int Version, int Operation, bool IsStale) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler()
        {
            if (Memory > 0) yield return this with { Memory = 0 };
            if (Version > 0) yield return this with { Version = 0 };
            if (Operation > 0) yield return this with { Operation = 0 };
            if (IsStale) yield return this with { IsStale = false };
        }
    }

    internal sealed record TakeSnapshot(int Memory, int Name, int Version) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler()
        {
            if (Memory > 0) yield return this with { Memory = 0 };
            if (Name > 0) yield return this with { Name = 0 };
            if (Version > 0) yield return this with { Version = 0 };
        }
    }

    internal sealed record DropSnapshot(int Memory, int Name) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler()
        {
            if (Memory > 0) yield return this with { Memory = 0 };
            if (Name > 0) yield return this with { Name = 0 };
        }
    }

    /// <summary>A thorough pass of compaction.</summary>
    /// <param name="Keep">Versions that retention keeps of each memory; 0 = all.</param>
    internal sealed record Compact(int Keep) : StoreOperation
    {
        public override IEnumerable<StoreOperation> Simpler() => Keep > 0 ? [this with { Keep = 0 }] : [];
    }

    /// <summary>The wall clock goes on, or is set back.</summary>
    internal sealed record MoveClock(int Seconds) : StoreOperation;

    /// <summary>The store is closed and opened again.</summary>
    internal sealed record Reopen : StoreOperation;
}
