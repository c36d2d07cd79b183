using System.Text.Json;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class GoldenCheckpointTests
{
    public static TheoryData<string> Cases => [.. Directory.GetDirectories(SetA).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    private static string SetA => RepositoryFiles.Combine("tests", "Golden", "setA");

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_golden_checkpoint_loads_with_the_sizes_its_manifest_gives(string name)
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(SetA, name, "manifest.json")));
        JsonElement derived = manifest.RootElement.GetProperty("derived");
        using CheckpointFolder folder = OpenGolden(name);

        Assert.Equal(derived.GetProperty("pool_rows").GetInt32(), folder.Config.PoolRows);
        if (derived.TryGetProperty("retrieved_ltm_rows", out JsonElement retrieved)) Assert.Equal(retrieved.GetInt32(), folder.Config.RetrievedRows);
        if (derived.TryGetProperty("lora_scaling", out JsonElement scale) && scale.ValueKind == JsonValueKind.Number) Assert.Equal(scale.GetSingle(), folder.Config.Lora!.Scale);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_role_of_a_golden_checkpoint_resolves_and_nothing_stays_allocated(string name)
    {
        using CheckpointFolder folder = OpenGolden(name);
        using var backend = new FakeBackend();
        using ModelWeights weights = WeightLoader.Load(folder, backend, new WeightLoadOptions(), CancellationToken.None);

        Assert.Equal(3, weights.Layers.Length);
        Assert.Equal(8, weights.InverseFrequencies.Length);
        Assert.All(weights.Layers, layer => Assert.Equal(name.StartsWith("mplus", StringComparison.Ordinal), layer.Retriever is not null));
        Assert.Equal(64, weights.Layers[1].Query.View(AdapterMode.Write).Base.Outputs);
    }

    /// <summary>Some cases share the weights of another; their manifest says where they are.</summary>
    internal static CheckpointFolder OpenGolden(string name)
    {
        string folder = Path.Combine(SetA, name);
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        string weights = manifest.RootElement.GetProperty("files").GetProperty("weights").GetString()!;
        return CheckpointFolder.Open(folder, Path.GetFullPath(Path.Combine(folder, weights)));
    }
}
