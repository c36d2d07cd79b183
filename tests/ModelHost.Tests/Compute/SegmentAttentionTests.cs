using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>Attention of a batch over segments of stored rows: the formula, and what must not change a bit.</summary>
public sealed class SegmentAttentionTests
{
    private const int Cases = 15;

    public static TheoryData<string> InstructionSets => Backends.InstructionSets;

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Segments_of_any_type_are_one_softmax(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(50, seed);
            using var batch = new SegmentBatch(backend, random, BatchSize.Random(random, seed));

            Backends.AssertClose(batch.Expected(), batch.Attend(), 1e-5, $"{batch.Size}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_cut_into_segments_changes_no_bit(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(51, seed);
            using var batch = new SegmentBatch(backend, random, BatchSize.Random(random, seed));
            float[] before = batch.Attend();

            batch.CutSegments(random);

            Assert.Equal(before, batch.Attend());
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_sequence_gets_the_bits_that_it_gets_alone(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(52, seed);
            using var batch = new SegmentBatch(backend, random, BatchSize.Random(random, seed));

            Assert.Equal(batch.Attend(), batch.AttendOneByOne());
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void The_number_of_threads_changes_no_bit(string set)
    {
        for (ulong seed = 0; seed < 8; seed++)
        {
            float[] one = AttendWith(set, threads: 1, seed);
            foreach (int threads in new[] { 2, 3, 7 }) Assert.Equal(one, AttendWith(set, threads, seed));
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Rows_of_a_batch_are_rotated_by_their_own_positions(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        SeededRandom random = new(53);
        const int Rows = 19;
        const int Width = 4 * 20;
        float[] frequencies = SegmentBatch.Frequencies(20);
        float[] numbers = Grid.Random(random, Rows * Width);
        int[] positions = [.. Enumerable.Range(0, Rows).Select(_ => random.NextInt32(4000))];
        using var together = new Grid(backend, Rows, Width, numbers);
        using var oneByOne = new Grid(backend, Rows, Width, numbers);

        backend.Rope(together.View, 20, positions, frequencies);
        for (int row = 0; row < Rows; row++) backend.Rope(oneByOne.View.SliceRows(row, 1), 20, positions[row], frequencies);

        Assert.Equal(oneByOne.Read(), together.Read());
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Retrieval_scores_do_not_depend_on_how_keys_are_cut(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        SeededRandom random = new(55);
        const int Keys = 700;
        const int Width = 45;
        using var q = new Grid(backend, 33, Width, Grid.Random(random, 33 * Width));
        using var keys = new Grid(backend, Keys, Width, Grid.Random(random, Keys * Width));
        var whole = new float[Keys];
        var inParts = new float[Keys];
        MatrixView[] parts = [keys.View.SliceRows(0, 3), keys.View.SliceRows(3, 0), keys.View.SliceRows(3, 500), keys.View.SliceRows(503, 197)];

        backend.RetrievalScores(q.View, [keys.View], whole);
        backend.RetrievalScores(q.View, parts, inParts);

        Assert.Equal(whole, inParts);
    }

    [Fact]
    public void A_batch_that_does_not_fit_is_refused()
    {
        using CpuBackend backend = Backends.Create("Auto");
        using DeviceBuffer buffer = backend.Allocate(100);
        using DeviceBuffer other = backend.Allocate(100);
        MatrixView q = buffer.AsMatrix(2, 4);
        MatrixView rows = buffer.AsMatrix(3, 4);
        MatrixView y = other.AsMatrix(2, 4);
        var segment = new KeySegment(rows, rows, 0, IsRotated: true);

        Assert.Throws<ArgumentException>(() => backend.Attention(q, [new AttentionSpan(1, 2, 0, 1)], [segment], 2, [], y));
        Assert.Throws<ArgumentException>(() => backend.Attention(q, [new AttentionSpan(0, 2, 0, 2)], [segment], 2, [], y));
        Assert.Throws<ArgumentException>(() => backend.Attention(q, [new AttentionSpan(0, 2, 0, 1)], [segment with { Keys = rows.SliceRows(0, 1), Values = rows.SliceRows(0, 1) }], 2, [], y));
        Assert.Throws<ArgumentException>(() => backend.Attention(q, [new AttentionSpan(0, 2, 0, 1)], [segment with { Values = rows.SliceRows(0, 2) }], 2, [], y));
        Assert.Throws<ArgumentException>(() => backend.Attention(q, [new AttentionSpan(0, 2, 0, 1)], [segment with { IsRotated = false }], 2, [], y));
        Assert.Throws<ArgumentException>(() => backend.Attention(q, [new AttentionSpan(0, 2, 0, 1)], [], 2, [], y));
    }

    private static float[] AttendWith(string set, int threads, ulong seed)
    {
        using CpuBackend backend = Backends.Create(set, threads);
        SeededRandom random = SeededRandom.ForPart(54, seed);
        using var batch = new SegmentBatch(backend, random, BatchSize.Random(random, seed) with { PoolRows = 2200 });
        return batch.Attend();
    }
}
