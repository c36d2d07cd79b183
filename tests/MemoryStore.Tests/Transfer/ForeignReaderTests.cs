using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Transfer.Content;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>docs/format.md is enough to read an archive: a reader in another language, written from it, finds the same rows.</summary>
public sealed class ForeignReaderTests : IDisposable
{
    private static readonly MemoryKey Alice = OpenStore.Key("alice");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresPythonModuleFact("hashlib")]
    public Task A_reader_in_Python_finds_what_the_store_holds() => CompareAsync("hashlib", new ExportOptions(), passphrase: null);

    [RequiresPythonModuleFact("cryptography")]
    public Task A_reader_in_Python_opens_a_protected_archive() => CompareAsync("cryptography", new ExportOptions { Passphrase = "correct horse" }, "correct horse");

    private async Task CompareAsync(string module, ExportOptions options, string? passphrase)
    {
        await using TransferStore store = await TransferStore.AtAsync(_folder.Combine("store"));
        MemoryTimeline timeline = await store.CreateAsync(Alice, seed: 21, steps: 80);
        string file = _folder.Combine("alice.ldb");
        await File.WriteAllBytesAsync(file, await store.ExportAsync(Alice, options));

        string[] found = await RunAsync(module, passphrase is null ? [file] : [file, passphrase]);

        Assert.Equal(await ExpectedAsync(store, timeline), found);
    }

    private static async Task<List<string>> ExpectedAsync(TransferStore store, MemoryTimeline timeline)
    {
        var lines = new List<string> { $"memory {Alice} {timeline.Summary.Head.Number}" };
        foreach (MemoryVersion version in timeline.ListVersions(int.MaxValue, null).Reverse())
        {
            Manifest manifest = (await timeline.ReadAsync(new VersionSelector.NumberSelector(version.Number), CancellationToken.None)).Manifest;
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(';', manifest.Layers.SelectMany(l => RowsOf(manifest, l))))));
            string text = await timeline.ReadTextAsync(version.Number, CancellationToken.None) ?? "None";
            lines.Add($"version {version.Number} {(int)version.Cause} {version.CommittedAt.UtcTicks} {hash} {text}");
        }

        lines.AddRange(timeline.ListSnapshots().Select(s => $"snapshot {s.Name} {s.Version}"));
        lines.Add($"tensors {await TensorsAsync(await store.ExportAsync(Alice))}");
        return lines;
    }

    private static string[] RowsOf(Manifest manifest, LayerRows layer) =>
    [
        string.Join(',', layer.Pool.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => $"{manifest.Blocks[r.Block].Id}:{row}"))),
        string.Join(',', layer.Bank.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => $"{manifest.Blocks[r.Block].Id}:{row}"))),
    ];

    private static async Task<string> TensorsAsync(byte[] archive)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        BlockId block = default;
        foreach ((ArchiveRecordKind kind, byte[] payload) in await ArchiveBytes.ReadAsync(archive))
        {
            if (kind == ArchiveRecordKind.Block) block = ArchiveCodec.DecodeBlock(payload).Id;
            if (kind != ArchiveRecordKind.Slice) continue;
            foreach (Blocks.SliceTensor tensor in ArchiveCodec.DecodeSlice(block, payload).Tensors) hash.AppendData(tensor.Bytes.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<string[]> RunAsync(string module, string[] arguments)
    {
        string script = RepositoryFiles.Combine("tests", "MemoryStore.Tests", "Transfer", "read_archive.py");
        var start = new ProcessStartInfo(RequiresPythonModuleFactAttribute.FindInterpreter(module)!, [script, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process python = Process.Start(start)!;
        Task<string> errors = python.StandardError.ReadToEndAsync();
        string output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.True(python.ExitCode == 0, await errors);
        return output.TrimEnd().Split('\n');
    }
}
