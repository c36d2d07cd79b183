using FsCheck;
using FsCheck.Fluent;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Fuzz;

namespace LatentDb.MemoryStore.Tests.Models;

/// <summary>
/// Random sequences of operations on a store and on a model in memory. A failure is printed as the shortest sequence that still fails, which can be
/// pasted into <see cref="StoreAgainstModel.RunAsync"/>. LATENTDB_LONG=1 runs a night's worth.
/// </summary>
public sealed class StoreModelTests
{
    private const int MaxLength = 40;

    private static readonly int Sequences = LongMode.Rounds(inCI: 15, whole: 1000);

    /// <summary>Images and checkpoints come every few writes, every few tens, or never; forks stay in a shard or leave it.</summary>
    [Theory]
    [InlineData(1, 3, 2, 1)]
    [InlineData(2, 7, 20, 1)]
    [InlineData(3, 64, 4096, 1)]
    [InlineData(4, 5, 10, 3)]
    public void After_every_step_of_a_random_history_each_readable_point_is_the_models(ulong seed, int writesBetweenImages, int framesBetweenCheckpoints, int shards)
    {
        var settings = new ShardSettings { WritesBetweenImages = writesBetweenImages, FramesBetweenCheckpoints = framesBetweenCheckpoints };

        Prop.ForAll(OperationSequences.Arbitrary(MaxLength), sequence => StoreAgainstModel.RunAsync(sequence, settings, shards))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(Sequences).WithReplay(seed, 1));
    }

    [Fact]
    public void A_failing_history_shrinks_to_the_steps_that_matter()
    {
        // Not the store's failure but a made-up one: a rollback of memory 1 at any place after a snapshot of it.
        static bool Fails(StoreOperation[] sequence)
        {
            int snapshot = Array.FindIndex(sequence, o => o is StoreOperation.TakeSnapshot { Memory: 1 });
            return snapshot >= 0 && Array.FindIndex(sequence, snapshot, o => o is StoreOperation.RollBack { Memory: 1 }) >= 0;
        }

        StoreOperation[] failing = OperationSequences.Arbitrary(MaxLength).Generator.Where(Fails).Sample(1, 1).First();
        for (StoreOperation[]? smaller = failing; smaller is not null; smaller = OperationSequences.Shrink(failing).FirstOrDefault(Fails)) failing = smaller;

        Assert.Equal<StoreOperation>([new StoreOperation.TakeSnapshot(1, 0, 0), new StoreOperation.RollBack(1, 0, 0, false)], failing);
    }
}
