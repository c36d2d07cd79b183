using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>
/// Archives that earlier programs wrote stay readable: one file for each format, and one for each way of protection. UPDATE_CORPUS=1 writes those of
/// the current format anew; files of older formats are never written again.
/// </summary>
public sealed class ArchiveCorpusTests : IDisposable
{
    private const string Passphrase = "correct horse";

    /// <summary>SHA-256 of what all files hold.</summary>
    private const string Content = "8575f1b198a7bb9b09b516b42210ba6cc98bcbf23fac3ad4632f9c5e25e60776";

    private static readonly MemoryKey Alice = OpenStore.Key("alice");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("format-1.ldba")]
    [InlineData("format-1-passphrase.ldba")]
    [InlineData("format-1-recipient.ldba")]
    public async Task Every_archive_of_the_corpus_is_read(string name)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_CORPUS") == "1") await WriteAsync(name);
        await using TransferStore store = await TransferStore.WithModelAsync(_folder.Combine("target"), Alice);

        await using FileStream archive = File.OpenRead(PathOf(name));
        await store.Importer.ImportAsync(archive, Alice, ImportOf(name), null, CancellationToken.None);

        string found = await HashAsync(store);
        Assert.True(found == Content, $"{name} holds {found}.");
    }

    private static async Task<string> HashAsync(TransferStore store)
    {
        MemoryTimeline timeline = await store.Catalog.OpenAsync(Alice, CancellationToken.None);
        var content = new StringBuilder();
        Dictionary<BlockId, UInt128> hashes = [];
        foreach (MemoryVersion v in timeline.ListVersions(int.MaxValue, null).Reverse())
        {
            Manifest manifest = (await timeline.ReadAsync(new VersionSelector.NumberSelector(v.Number), CancellationToken.None)).Manifest;
            string? text = await timeline.ReadTextAsync(v.Number, CancellationToken.None);
            content.AppendLine($"{v.Number} {v.Cause} {v.RestoredFrom} {v.CommittedAt} {v.Seed} {v.Tokens} {v.OperationId} {v.Author} {v.Metadata} {text}");
            content.AppendLine(await store.NamedByContentAsync(manifest, hashes));
        }

        foreach (Snapshot snapshot in timeline.ListSnapshots()) content.AppendLine($"{snapshot.Name} {snapshot.Version} {snapshot.CreatedAt}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content.ToString())));
    }

    private async Task WriteAsync(string name)
    {
        var time = new ManualTimeProvider();
        await using TransferStore store = await TransferStore.AtAsync(_folder.Combine("source"), settings: new ShardSettings { Time = time });
        await store.CreateAsync(Alice, seed: 30, steps: 14);
        var options = new ExportOptions
        {
            Passphrase = ImportOf(name).Passphrase,
            RecipientPublicKey = ImportOf(name).PrivateKey is null ? null : await File.ReadAllTextAsync(PathOf("recipient-public.pem")),
        };
        await File.WriteAllBytesAsync(PathOf(name), await store.ExportAsync(Alice, options));
    }

    private static ImportOptions ImportOf(string name) => new()
    {
        Passphrase = name.Contains("passphrase", StringComparison.Ordinal) ? Passphrase : null,
        PrivateKey = name.Contains("recipient", StringComparison.Ordinal) ? File.ReadAllText(PathOf("recipient-private.pem")) : null,
    };

    private static string PathOf(string name) => RepositoryFiles.Combine("tests", "MemoryStore.Tests", "Transfer", "Corpus", name);
}
