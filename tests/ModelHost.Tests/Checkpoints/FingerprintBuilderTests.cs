using System.Text;
using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class FingerprintBuilderTests
{
    [Fact]
    public void The_same_checkpoint_has_the_same_fingerprint_wherever_it_is()
    {
        using var here = new CheckpointCopy("mplus");
        using var there = new CheckpointCopy("mplus");

        Assert.Equal(Compute(here), Compute(there));
    }

    [Fact]
    public void A_changed_byte_at_either_end_of_any_tensor_changes_it()
    {
        using var copy = new CheckpointCopy("mplus");
        ModelFingerprint original = Compute(copy);
        byte[] model = File.ReadAllBytes(copy.ModelPath);
        (long Start, long Bytes)[] tensors = Extents(copy);
        int compared = 0;
        foreach ((long start, long bytes) in tensors)
        {
            foreach (long place in (long[])[start, start + bytes - 1])
            {
                // A change that makes an age a fraction or a number infinite is refused at once, which is as good.
                byte[] changed = [.. model];
                changed[place] ^= 1;
                File.WriteAllBytes(copy.ModelPath, changed);
                if (TryCompute(copy.FolderPath) is not { } other) continue;
                Assert.NotEqual(original, other);
                compared++;
            }
        }

        Assert.InRange(compared, tensors.Length, 2 * tensors.Length);
    }

    [Fact]
    public void A_changed_byte_of_config_or_tokenizer_changes_it()
    {
        using var copy = new CheckpointCopy("memoryllm");
        ModelFingerprint plain = Compute(copy);

        copy.WriteFile("tokenizer.json", "{}"u8.ToArray());
        ModelFingerprint withTokenizer = Compute(copy);
        copy.WriteFile("tokenizer.json", "{} "u8.ToArray());
        ModelFingerprint otherTokenizer = Compute(copy);
        copy.Config["max_length"] = 256;
        ModelFingerprint otherConfig = Compute(copy);

        Assert.Equal(4, new HashSet<ModelFingerprint> { plain, withTokenizer, otherTokenizer, otherConfig }.Count);
    }

    [Fact]
    public void Rounded_frequencies_are_another_model()
    {
        using var copy = new CheckpointCopy("memoryllm");
        using CheckpointFolder folder = copy.Open();

        Assert.NotEqual(
            FingerprintBuilder.Compute(folder, InverseFrequencyRounding.None, int8Weights: false, CancellationToken.None),
            FingerprintBuilder.Compute(folder, InverseFrequencyRounding.BFloat16, int8Weights: false, CancellationToken.None));
    }

    [Fact]
    public void Weights_of_eight_bits_are_another_model()
    {
        using var copy = new CheckpointCopy("memoryllm");
        using CheckpointFolder folder = copy.Open();

        Assert.NotEqual(
            FingerprintBuilder.Compute(folder, InverseFrequencyRounding.None, int8Weights: false, CancellationToken.None),
            FingerprintBuilder.Compute(folder, InverseFrequencyRounding.None, int8Weights: true, CancellationToken.None));
    }

    [Fact]
    public void Neither_the_order_of_tensors_nor_their_files_matter()
    {
        using var copy = new CheckpointCopy("memoryllm");
        ModelFingerprint original = Compute(copy);

        KeyValuePair<string, SafetensorsBytes.Tensor>[] reversed = [.. copy.Tensors.Reverse()];
        File.WriteAllBytes(copy.ModelPath, SafetensorsBytes.Make(reversed));
        Assert.Equal(original, TryCompute(copy.FolderPath));

        File.Delete(copy.ModelPath);
        var map = new JsonObject();
        foreach ((string name, SafetensorsBytes.Tensor _) in reversed) map[name] = name == "memory" ? "a.safetensors" : "b.safetensors";
        copy.WriteFile("a.safetensors", SafetensorsBytes.Make(reversed.Where(t => t.Key == "memory")));
        copy.WriteFile("b.safetensors", SafetensorsBytes.Make(reversed.Where(t => t.Key != "memory")));
        copy.WriteFile("model.safetensors.index.json", Encoding.UTF8.GetBytes(new JsonObject { ["weight_map"] = map }.ToJsonString()));
        Assert.Equal(original, TryCompute(copy.FolderPath));
    }

    [Fact]
    public void The_format_of_the_fingerprint_is_pinned()
    {
        using CheckpointFolder folder = GoldenCheckpointTests.OpenGolden("memoryllm");

        // Written into every version of every memory: when this changes, no memory of before can be read any more.
        Assert.Equal("9da0925cae0391e0131a060a71032b3693bfcd12cb818357a89fcccb8348cd17", FingerprintBuilder.Compute(folder, InverseFrequencyRounding.None, int8Weights: false, CancellationToken.None).Value);
    }

    private static ModelFingerprint Compute(CheckpointCopy copy)
    {
        using CheckpointFolder folder = copy.Open();
        return FingerprintBuilder.Compute(folder, InverseFrequencyRounding.None, int8Weights: false, CancellationToken.None);
    }

    /// <summary>null when the change made the checkpoint one that is refused.</summary>
    private static ModelFingerprint? TryCompute(string path)
    {
        try
        {
            using CheckpointFolder folder = CheckpointFolder.Open(path);
            return FingerprintBuilder.Compute(folder, InverseFrequencyRounding.None, int8Weights: false, CancellationToken.None);
        }
        catch (MemoryStore.Errors.LatentDbException)
        {
            return null;
        }
    }

    private static (long Start, long Bytes)[] Extents(CheckpointCopy copy)
    {
        long end = new FileInfo(copy.ModelPath).Length;
        var extents = new List<(long, long)>();
        foreach (SafetensorsBytes.Tensor tensor in copy.Tensors.Values.Reverse())
        {
            end -= tensor.Bytes.Length;
            extents.Add((end, tensor.Bytes.Length));
        }

        return [.. extents];
    }
}
