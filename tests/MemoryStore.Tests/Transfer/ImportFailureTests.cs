using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>An import that does not come to its end leaves nothing that anybody can see, before and after a restart; and a restore brings everything.</summary>
public sealed class ImportFailureTests : IDisposable
{
    private static readonly MemoryKey Alice = OpenStore.Key("alice");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_cut_archive_leaves_nothing_visible_and_its_name_free()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"));
        await source.CreateAsync(Alice, seed: 1, steps: 12);
        byte[] archive = await source.ExportAsync(Alice);
        string folder = _folder.Combine("target");
        TransferStore target = await TransferStore.WithModelAsync(folder, Alice);
        for (int cut = 1; cut < archive.Length; cut += archive.Length / 40)
        {
            var error = await Assert.ThrowsAsync<LatentDbException>(() => target.ImportAsync(archive[..cut], Alice));
            Assert.Equal(ErrorCode.ArchiveInvalid, error.Code);
            Assert.Empty(await target.Catalog.ListAsync(Alice.Tenant, 10, null, CancellationToken.None));
        }

        await target.DisposeAsync();
        target = await TransferStore.AtAsync(folder);
        Assert.Empty(await target.Catalog.ListAsync(Alice.Tenant, 10, null, CancellationToken.None));
        await target.ImportAsync(archive, Alice);
        Assert.Equal(await source.ReadEverythingAsync(Alice), await target.ReadEverythingAsync(Alice));
        await target.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_that_breaks_and_a_caller_that_gives_up_leave_nothing_visible()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"));
        await source.CreateAsync(Alice, seed: 2, steps: 12);
        byte[] archive = await source.ExportAsync(Alice);
        await using TransferStore target = await TransferStore.WithModelAsync(_folder.Combine("target"), Alice);
        using var caller = new CancellationTokenSource();
        var givesUp = new CallbackProgress(p =>
        {
            if (p.Versions == 6) caller.Cancel();
        });

        await Assert.ThrowsAsync<IOException>(() => target.Importer.ImportAsync(new BreakingStream(archive, archive.Length / 2), Alice, new ImportOptions(), null, CancellationToken.None));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => target.Importer.ImportAsync(new MemoryStream(archive), Alice, new ImportOptions(), givesUp, caller.Token));

        Assert.Empty(await target.Catalog.ListAsync(Alice.Tenant, 10, null, CancellationToken.None));
        await target.ImportAsync(archive, Alice);
    }

    [Fact]
    public async Task A_process_that_dies_in_the_middle_of_an_import_leaves_nothing_visible()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"));
        await source.CreateAsync(Alice, seed: 3, steps: 12);
        byte[] archive = await source.ExportAsync(Alice);
        string folder = _folder.Combine("target");
        TransferStore target = await TransferStore.WithModelAsync(folder, Alice);
        var stalled = new StallingStream(archive, archive.Length - 10);
        Task<MemorySummary> import = target.Importer.ImportAsync(stalled, Alice, new ImportOptions(), null, CancellationToken.None);
        await stalled.Stalled;

        // What is on disk at this moment is what a killed process leaves; everything is staged, and nothing is visible.
        string copy = _folder.Combine("copy");
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock"))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await using (TransferStore after = await TransferStore.AtAsync(copy))
        {
            Assert.Empty(await after.Catalog.ListAsync(Alice.Tenant, 10, null, CancellationToken.None));
            await after.ImportAsync(archive, Alice);
            Assert.Equal(await source.ReadEverythingAsync(Alice), await after.ReadEverythingAsync(Alice));
        }

        stalled.Release();
        await import;
        await target.DisposeAsync();
    }

    [Fact]
    public async Task Of_two_imports_under_one_name_one_is_the_memory()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"));
        await source.CreateAsync(Alice, seed: 4);
        byte[] archive = await source.ExportAsync(Alice);
        await using TransferStore target = await TransferStore.WithModelAsync(_folder.Combine("target"), Alice);

        Exception?[] outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Record.ExceptionAsync(() => target.ImportAsync(archive, Alice))));

        Assert.Single(outcomes, o => o is null);
        Assert.All(outcomes.OfType<LatentDbException>(), e => Assert.Equal(ErrorCode.MemoryExists, e.Code));
        Assert.Equal(3, outcomes.OfType<LatentDbException>().Count());
        Assert.Equal(await source.ReadEverythingAsync(Alice), await target.ReadEverythingAsync(Alice));
    }

    [Fact]
    public async Task A_memory_that_is_erased_while_it_is_exported_gives_no_archive()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"));
        await source.CreateAsync(Alice, seed: 5);
        int length = (await source.ExportAsync(Alice)).Length;
        using var stream = new ActingStream(length - 100, () => source.Catalog.EraseAsync(Alice, CancellationToken.None));

        var error = await Assert.ThrowsAsync<LatentDbException>(() => source.Exporter.ExportAsync(Alice, new ExportOptions(), stream, null, CancellationToken.None));

        Assert.Equal(ErrorCode.MemoryNotFound, error.Code);
        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(stream.ToArray()), "is cut off");
    }

    /// <summary>The restore drill: all memories of a store into files, and from the files into an empty store of another number of shards.</summary>
    [Fact]
    public async Task Every_memory_of_a_store_comes_back_from_its_archives_with_equal_hashes()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"), shards: 3);
        MemoryKey[] keys = [.. Enumerable.Range(0, 24).Select(i => OpenStore.Key($"m{i}", tenant: $"t{i % 4}"))];
        for (int i = 0; i < keys.Length; i++) await source.CreateAsync(keys[i], seed: i, steps: 3 + i);
        string backup = _folder.Combine("backup");
        Directory.CreateDirectory(backup);
        foreach (MemoryKey key in keys) await File.WriteAllBytesAsync(FileOf(backup, key), await source.ExportAsync(key, new ExportOptions()));
        await using TransferStore target = await TransferStore.WithModelAsync(_folder.Combine("target"), keys[0], shards: 5);

        foreach (MemoryKey key in keys)
        {
            await using FileStream file = File.OpenRead(FileOf(backup, key));
            await target.Importer.ImportAsync(file, key, new ImportOptions(), null, CancellationToken.None);
        }

        foreach (MemoryKey key in keys) Assert.Equal(await source.HashAsync(key), await target.HashAsync(key));
    }

    private static string FileOf(string folder, MemoryKey key) => Path.Combine(folder, $"{key.Tenant}-{key.Memory}.ldb");

    private sealed class CallbackProgress(Action<TransferProgress> told) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => told(value);
    }

    /// <summary>Fails like a connection that was reset.</summary>
    private sealed class BreakingStream(byte[] bytes, int at) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position >= at ? throw new IOException("The connection was reset.") : base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, at - Position)], cancellationToken);
    }
}
