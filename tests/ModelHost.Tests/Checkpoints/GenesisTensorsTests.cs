using System.Runtime.InteropServices;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class GenesisTensorsTests
{
    [Fact]
    public void A_layer_of_the_pool_is_its_slice_of_memory()
    {
        using var copy = new CheckpointCopy("mplus");
        using CheckpointFolder folder = copy.Open();
        StoredMatrix pool = new GenesisTensors(folder).Pool(2);
        byte[] rows = new byte[3 * pool.RowBytes];

        pool.Read(5, 3, rows);

        int start = ((2 * 32) + 5) * 64 * 4;
        Assert.Equal((32, 64), (pool.Rows, pool.Columns));
        Assert.Equal(copy.Tensors["memory"].Bytes[start..(start + rows.Length)], rows);
    }

    [Fact]
    public void A_pool_uploads_as_fp32()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Tensors["memory"] = copy.Tensors["memory"].ToBFloat16();
        using CheckpointFolder folder = copy.Open();
        using var backend = new FakeBackend();
        using DeviceBuffer buffer = backend.Allocate(32 * 64);

        new GenesisTensors(folder).Pool(1).Upload(0, backend, buffer.AsMatrix(32, 64));

        ushort[] halves = MemoryMarshal.Cast<byte, ushort>(copy.Tensors["memory"].Bytes).ToArray();
        Assert.Equal(halves[(32 * 64)..(64 * 64)].Select(h => BitConverter.UInt32BitsToSingle((uint)h << 16)), FakeBackend.Values(buffer.AsMatrix(32, 64)));
    }

    [Fact]
    public void Rows_outside_the_matrix_cannot_be_read()
    {
        using CheckpointFolder folder = GoldenCheckpointTests.OpenGolden("memoryllm");
        StoredMatrix pool = new GenesisTensors(folder).Pool(0);

        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Read(31, 2, new byte[2 * pool.RowBytes]));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Read(0, 1, new byte[7]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GenesisTensors(folder).Pool(3));
    }

    [Fact]
    public void The_bank_comes_with_keys_ages_and_counters()
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Tensors["ltm_ages.1"] = SafetensorsBytes.Tensor.F32([40], i => 100_001 + i);
        using CheckpointFolder folder = copy.Open();

        GenesisBank bank = new GenesisTensors(folder).Bank(1)!;

        Assert.Equal((40, 32), (bank.Count, bank.Keys.Columns));
        Assert.Equal(Enumerable.Range(100_001, 40).Select(i => (long)i), bank.Ages);
        Assert.Equal(MemoryMarshal.Cast<byte, float>(copy.Tensors["ltm_recall_frequencies.1"].Bytes).ToArray(), bank.RecallFrequencies);
    }

    [Theory]
    [InlineData("I64", 8)]
    [InlineData("I32", 4)]
    public void Ages_may_be_stored_as_whole_numbers(string type, int size)
    {
        using var copy = new CheckpointCopy("mplus");
        byte[] bytes = [.. Enumerable.Range(0, 40).SelectMany(i => size == 8 ? BitConverter.GetBytes(1000L + i) : BitConverter.GetBytes(1000 + i))];
        copy.Tensors["ltm_ages.1"] = new SafetensorsBytes.Tensor(type, [40], bytes);
        using CheckpointFolder folder = copy.Open();

        Assert.Equal(1039, new GenesisTensors(folder).Bank(1)!.Ages[39]);
    }

    [Fact]
    public void The_rows_of_the_bank_may_differ_from_layer_to_layer()
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Tensors["ltm.1"] = SafetensorsBytes.Tensor.F32([3, 64], i => i);
        copy.Tensors["ltm_keys.1"] = SafetensorsBytes.Tensor.F32([3, 32], i => i);
        copy.Tensors["ltm_ages.1"] = SafetensorsBytes.Tensor.F32([3], i => i);
        copy.Tensors["ltm_recall_frequencies.1"] = SafetensorsBytes.Tensor.F32([3], i => i);
        using CheckpointFolder folder = copy.Open();

        Assert.Equal(3, new GenesisTensors(folder).Bank(1)!.Count);
        Assert.Equal(40, new GenesisTensors(folder).Bank(2)!.Count);
    }

    [Fact]
    public void A_bank_that_begins_empty_may_be_left_out()
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Config["ltm_initial_size"] = 0;
        copy.Rename(name => name.StartsWith("ltm", StringComparison.Ordinal) ? null : name);
        using CheckpointFolder folder = copy.Open();

        Assert.Null(new GenesisTensors(folder).Bank(0));
    }

    [Fact]
    public void MemoryLlm_has_no_bank()
    {
        using CheckpointFolder folder = GoldenCheckpointTests.OpenGolden("memoryllm");

        Assert.Null(new GenesisTensors(folder).Bank(0));
    }

    [Theory]
    [InlineData("memoryllm", true)]
    [InlineData("memoryllm_uninit", false)]
    [InlineData("mplus", true)]
    public void A_missing_flag_means_initialized(string golden, bool expected)
    {
        using CheckpointFolder folder = GoldenCheckpointTests.OpenGolden(golden);

        Assert.Equal(expected, new GenesisTensors(folder).IsInitialized);
    }
}
