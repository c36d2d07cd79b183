using FsCheck;
using FsCheck.Fluent;

namespace LatentDb.MemoryStore.Tests.Models;

/// <summary>Makes sequences of operations, and smaller ones of a sequence that failed.</summary>
internal static class OperationSequences
{
    private const int Memories = 3;
    private const int Names = 3;
    private const int Operations = 4;

    public static Arbitrary<StoreOperation[]> Arbitrary(int maxLength) =>
        Arb.From(Gen.Choose(1, maxLength).SelectMany(length => One().ArrayOf(length)), sequence => Shrink(sequence));

    /// <summary>First without halves, quarters and so on, then without single steps, then with simpler steps.</summary>
    public static IEnumerable<StoreOperation[]> Shrink(StoreOperation[] sequence)
    {
        for (int size = sequence.Length / 2; size > 0; size /= 2)
        {
            for (int from = 0; from + size <= sequence.Length; from += size) yield return [.. sequence[..from], .. sequence[(from + size)..]];
        }

        for (int i = 0; i < sequence.Length; i++)
        {
            foreach (StoreOperation simpler in sequence[i].Simpler()) yield return [.. sequence[..i], simpler, .. sequence[(i + 1)..]];
        }
    }

    private static Gen<StoreOperation> One()
    {
        Gen<int> memory = Gen.Choose(0, Memories - 1);
        Gen<int> name = Gen.Choose(0, Names - 1);
        Gen<int> version = Gen.Choose(0, 50);
        Gen<int> operation = Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, Operations)));
        Gen<bool> rarely = Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)));
        Gen<StoreOperation> inject =
            from m in memory
            from seed in Gen.Choose(1, 1_000_000)
            from chunks in Gen.Choose(1, 3)
            from o in operation
            from isStale in rarely
            from isGivenUp in rarely
            select (StoreOperation)new StoreOperation.Inject(m, seed, chunks, o, isStale, isGivenUp);
        Gen<StoreOperation> rollBack =
            from m in memory
            from v in version
            from o in operation
            from isStale in rarely
            select (StoreOperation)new StoreOperation.RollBack(m, v, o, isStale);
        Gen<StoreOperation> fork =
            from m in memory
            from v in version
            from target in memory
            select (StoreOperation)new StoreOperation.Fork(m, v, target);
        return Gen.Frequency(
            (3, memory.Select(m => (StoreOperation)new StoreOperation.Create(m))),
            (1, memory.Select(m => (StoreOperation)new StoreOperation.Erase(m))),
            (2, fork),
            (12, inject),
            (5, rollBack),
            (3, memory.SelectMany(_ => name, (m, n) => (m, n)).SelectMany(_ => version, (p, v) => (StoreOperation)new StoreOperation.TakeSnapshot(p.m, p.n, v))),
            (2, memory.SelectMany(_ => name, (m, n) => (StoreOperation)new StoreOperation.DropSnapshot(m, n))),
            (2, Gen.Frequency((1, Gen.Constant(0)), (2, Gen.Choose(1, 5))).Select(k => (StoreOperation)new StoreOperation.Compact(k))),
            (2, Gen.Choose(-3600, 3600).Select(s => (StoreOperation)new StoreOperation.MoveClock(s))),
            (2, Gen.Constant((StoreOperation)new StoreOperation.Reopen())));
    }
}
