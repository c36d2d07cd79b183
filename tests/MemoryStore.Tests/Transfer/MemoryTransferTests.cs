using System.Security.Cryptography;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>A memory that is exported from one store and imported into another is the same memory, bit for bit.</summary>
public sealed class MemoryTransferTests : IAsyncLifetime, IDisposable
{
    private static readonly MemoryKey Alice = OpenStore.Key("alice");

    private readonly TempFolder _folder = new();
    private TransferStore _source = null!;
    private TransferStore _target = null!;

    public async Task InitializeAsync()
    {
        _source = await TransferStore.AtAsync(_folder.Combine("source"));
        _target = await TransferStore.WithModelAsync(_folder.Combine("target"), Alice);
    }

    public async Task DisposeAsync()
    {
        await _source.DisposeAsync();
        await _target.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(180)]
    public async Task A_whole_memory_comes_back_bit_for_bit(int steps)
    {
        await _source.CreateAsync(Alice, seed: 1, steps);

        MemorySummary summary = await _target.ImportAsync(await _source.ExportAsync(Alice), Alice);

        Assert.Equal(steps + 1, summary.Head.Number.Value);
        Assert.Equal(await _source.ReadEverythingAsync(Alice), await _target.ReadEverythingAsync(Alice));
    }

    [Fact]
    public async Task An_imported_memory_is_there_after_a_restart_and_goes_on()
    {
        await _source.CreateAsync(Alice, seed: 2, steps: 90);
        await _target.ImportAsync(await _source.ExportAsync(Alice), Alice);
        await _target.DisposeAsync();
        _target = await TransferStore.AtAsync(_folder.Combine("target"));
        Assert.Equal(await _source.ReadEverythingAsync(Alice), await _target.ReadEverythingAsync(Alice));

        MemoryTimeline timeline = await _target.Catalog.OpenAsync(Alice, CancellationToken.None);
        MemoryVersion next = await TransferStore.InjectAsync(timeline, seed: 500);
        MemoryVersion repeated = await TransferStore.InjectAsync(timeline, seed: 501, operationId: "op-3");

        Assert.Equal(92, next.Number.Value);
        Assert.Equal("op-3", repeated.OperationId);
        Assert.True(repeated.Number < next.Number, "an operation that was exported is known");
        Assert.Equal(next.Writes, (await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None)).Manifest.Writes);
    }

    [Fact]
    public async Task One_archive_makes_memories_of_any_name_and_tenant_but_each_once()
    {
        await _source.CreateAsync(Alice, seed: 3);
        byte[] archive = await _source.ExportAsync(Alice);
        MemoryKey bob = OpenStore.Key("bob");
        MemoryKey other = OpenStore.Key("alice", tenant: "umbrella");

        foreach (MemoryKey key in new[] { Alice, bob, other }) await _target.ImportAsync(archive, key);
        var error = await Assert.ThrowsAsync<LatentDbException>(() => _target.ImportAsync(archive, bob));

        Assert.Equal(ErrorCode.MemoryExists, error.Code);
        foreach (MemoryKey key in new[] { Alice, bob, other }) Assert.Equal(await _source.ReadEverythingAsync(Alice), await _target.ReadEverythingAsync(key));
    }

    [Fact]
    public async Task A_memory_that_was_imported_twice_is_two_memories()
    {
        await _source.CreateAsync(Alice, seed: 4);
        byte[] archive = await _source.ExportAsync(Alice);
        MemoryKey bob = OpenStore.Key("bob");
        await _target.ImportAsync(archive, Alice);
        await _target.ImportAsync(archive, bob);

        await TransferStore.InjectAsync(await _target.Catalog.OpenAsync(Alice, CancellationToken.None), seed: 77);
        await _target.Catalog.EraseAsync(Alice, CancellationToken.None);

        Assert.Equal(await _source.ReadEverythingAsync(Alice), await _target.ReadEverythingAsync(bob));
    }

    [Fact]
    public async Task An_export_of_an_import_is_the_same_memory_again()
    {
        await _source.CreateAsync(Alice, seed: 5, steps: 40);
        MemoryKey again = OpenStore.Key("again");
        await _target.ImportAsync(await _source.ExportAsync(Alice), Alice);

        await _target.ImportAsync(await _target.ExportAsync(Alice), again);

        Assert.Equal(await _source.ReadEverythingAsync(Alice), await _target.ReadEverythingAsync(again));
    }

    [Fact]
    public async Task A_fork_takes_the_rows_of_its_source_along()
    {
        await _source.CreateAsync(Alice, seed: 6);
        MemoryKey fork = OpenStore.Key("fork");
        MemoryTimeline timeline = await _source.Catalog.ForkAsync(Alice, VersionSelector.Parse("15"), fork, null, new WriteOrigin(null, "key-1"), CancellationToken.None);
        await TransferStore.InjectAsync(timeline, seed: 60);
        await TransferStore.RollBackAsync(timeline, VersionNumber.First);

        await _target.ImportAsync(await _source.ExportAsync(fork), fork);

        Assert.Equal(await _source.ReadEverythingAsync(fork), await _target.ReadEverythingAsync(fork));
        Assert.Equal(VersionCause.Fork, (await _target.Catalog.OpenAsync(fork, CancellationToken.None)).GetVersion(VersionNumber.First).Cause);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("9")]
    [InlineData("s14")]
    [InlineData("head")]
    public async Task One_version_begins_a_memory_of_its_own(string at)
    {
        MemoryTimeline alice = await _source.CreateAsync(Alice, seed: 7);
        VersionSelector selector = VersionSelector.Parse(at);
        VersionedManifest exported = await alice.ReadAsync(selector, CancellationToken.None);
        byte[] archive = await _source.ExportAsync(Alice, new ExportOptions { At = selector });

        MemorySummary summary = await _target.ImportAsync(archive, Alice, new ImportOptions { Origin = new WriteOrigin("import-1", "key-5") });

        MemoryTimeline imported = await _target.Catalog.OpenAsync(Alice, CancellationToken.None);
        VersionedManifest first = await imported.ReadAsync(VersionSelector.Head, CancellationToken.None);
        Assert.Equal((VersionNumber.First, VersionCause.Import, "import-1", "key-5"), (first.Version.Number, first.Version.Cause, first.Version.OperationId, first.Version.Author));
        Assert.Equal(new ForkSource(Alice, exported.Version.Number), first.Version.ForkedFrom);
        Assert.Equal(summary.CreatedAt, first.Version.CommittedAt);
        Assert.Equal(
            await _source.NamedByContentAsync(exported.Manifest.WithoutUnusedBlocks(spare: 0), []),
            await _target.NamedByContentAsync(first.Manifest.WithoutUnusedBlocks(spare: 0), []));
        Assert.Equal(2, (await TransferStore.InjectAsync(imported, seed: 9)).Number.Value);
    }

    [Fact]
    public async Task An_archive_of_one_version_holds_nothing_of_the_others()
    {
        MemoryTimeline alice = await _source.CreateAsync(Alice, seed: 8, steps: 2);
        string text = (await alice.ReadTextAsync(new VersionNumber(2), CancellationToken.None))!;

        byte[] all = await _source.ExportAsync(Alice);
        byte[] first = await _source.ExportAsync(Alice, new ExportOptions { At = VersionSelector.Parse("1") });

        Assert.True(all.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) > 0);
        Assert.True(first.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) < 0);
        Assert.InRange(first.Length, 1, 600);
    }

    [Fact]
    public async Task What_is_written_during_an_export_is_not_in_it()
    {
        MemoryTimeline alice = await _source.CreateAsync(Alice, seed: 9);
        List<string> before = await _source.ReadEverythingAsync(Alice);
        using var stream = new MemoryStream();
        var progress = new SynchronousProgress(async () => await TransferStore.InjectAsync(alice, seed: (int)alice.Summary.Head.Number.Value));

        await _source.Exporter.ExportAsync(Alice, new ExportOptions(), stream, progress, CancellationToken.None);
        await progress.Done;
        await _target.ImportAsync(stream.ToArray(), Alice);

        Assert.Equal(before, await _target.ReadEverythingAsync(Alice));
    }

    [Fact]
    public async Task Protected_archives_open_with_what_they_were_protected_to()
    {
        await _source.CreateAsync(Alice, seed: 10);
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] byPassphrase = await _source.ExportAsync(Alice, new ExportOptions { Passphrase = "correct horse" });
        byte[] byKey = await _source.ExportAsync(Alice, new ExportOptions { RecipientPublicKey = recipient.ExportSubjectPublicKeyInfoPem() });

        await _target.ImportAsync(byPassphrase, Alice, new ImportOptions { Passphrase = "correct horse" });
        await _target.ImportAsync(byKey, OpenStore.Key("bob"), new ImportOptions { PrivateKey = recipient.ExportPkcs8PrivateKeyPem() });

        Assert.Equal(await _source.ReadEverythingAsync(Alice), await _target.ReadEverythingAsync(Alice));
        Assert.Equal(await _source.ReadEverythingAsync(Alice), await _target.ReadEverythingAsync(OpenStore.Key("bob")));
    }

    [Fact]
    public async Task What_does_not_fit_the_archives_protection_is_refused()
    {
        await _source.CreateAsync(Alice, seed: 11, steps: 2);
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        string privateKey = recipient.ExportPkcs8PrivateKeyPem();
        byte[] plain = await _source.ExportAsync(Alice);
        byte[] byPassphrase = await _source.ExportAsync(Alice, new ExportOptions { Passphrase = "correct horse" });
        byte[] byKey = await _source.ExportAsync(Alice, new ExportOptions { RecipientPublicKey = recipient.ExportSubjectPublicKeyInfoPem() });

        await AssertRefusedAsync(ErrorCode.InvalidRequest, plain, new ImportOptions { Passphrase = "correct horse" });
        await AssertRefusedAsync(ErrorCode.InvalidRequest, byPassphrase, new ImportOptions());
        await AssertRefusedAsync(ErrorCode.ArchiveInvalid, byPassphrase, new ImportOptions { Passphrase = "wrong horse" });
        await AssertRefusedAsync(ErrorCode.InvalidRequest, byKey, new ImportOptions { Passphrase = "correct horse" });
        await AssertRefusedAsync(ErrorCode.InvalidRequest, byPassphrase, new ImportOptions { PrivateKey = privateKey });
        var both = new ExportOptions { Passphrase = "correct horse", RecipientPublicKey = recipient.ExportSubjectPublicKeyInfoPem() };
        Assert.Equal(ErrorCode.InvalidRequest, (await Assert.ThrowsAsync<LatentDbException>(() => _source.ExportAsync(Alice, both))).Code);
    }

    [Fact]
    public async Task A_store_without_the_model_refuses_the_archive()
    {
        await _source.CreateAsync(Alice, seed: 12);
        await using TransferStore bare = await TransferStore.AtAsync(_folder.Combine("bare"));
        byte[] archive = await _source.ExportAsync(Alice);

        var error = await Assert.ThrowsAsync<LatentDbException>(() => bare.ImportAsync(archive, Alice));

        Assert.Equal(ErrorCode.ModelMismatch, error.Code);
    }

    [Fact]
    public async Task Memories_and_versions_that_are_not_there_cannot_be_exported()
    {
        await _source.CreateAsync(Alice, seed: 13, steps: 2);
        var missing = new ExportOptions { At = VersionSelector.Parse("99") };

        Assert.Equal(ErrorCode.MemoryNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => _source.ExportAsync(OpenStore.Key("nobody")))).Code);
        Assert.Equal(ErrorCode.VersionNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => _source.ExportAsync(Alice, missing))).Code);
    }

    private async Task AssertRefusedAsync(ErrorCode code, byte[] archive, ImportOptions options)
    {
        var error = await Assert.ThrowsAsync<LatentDbException>(() => _target.ImportAsync(archive, Alice, options));
        Assert.Equal(code, error.Code);
        Assert.Empty(await _target.Catalog.ListAsync(Alice.Tenant, 10, null, CancellationToken.None));
    }

    /// <summary>Runs writes one after the other, begun by the export's own progress.</summary>
    private sealed class SynchronousProgress(Func<Task> write) : IProgress<TransferProgress>
    {
        public Task Done { get; private set; } = Task.CompletedTask;

        public void Report(TransferProgress value) => Done = ThenAsync(Done);

        private async Task ThenAsync(Task before)
        {
            await before;
            await write();
        }
    }
}
