using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Shards;

/// <summary>A small store whose files are changed byte by byte: it opens with exactly what was acknowledged, or it is refused.</summary>
public sealed class ShardDamageTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();
    private string _state = string.Empty;
    private string _manifest = string.Empty;
    private string _commits = string.Empty;
    private long _committedEnd;

    public async Task InitializeAsync()
    {
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            for (int seed = 1; seed <= 3; seed++) await _model.InjectAsync(timeline, seed);
        }

        _state = await RecoveredText.OfAsync(_folder.Path);

        string epoch = _folder.Combine("shard-0000", "ep-0000000001", "manifest");
        _manifest = Path.Combine(epoch, "log.0");
        _commits = Path.Combine(epoch, "commit.ab");
        _committedEnd = CommitSlots.Read(LocalDisk.Instance, _commits).Newest.Until;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_changed_byte_of_the_manifest_log_is_harmless_or_refused()
    {
        byte[] whole = await File.ReadAllBytesAsync(_manifest);
        int refused = 0;
        for (int at = 0; at < _committedEnd; at += IsFiller(whole, at) ? 61 : 1)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= (byte)(1 << (at % 8));
            await File.WriteAllBytesAsync(_manifest, damaged);
            if (await IsRefusedAsync($"byte {at}")) refused++;
        }

        Assert.True(refused > 1000, $"{refused} changes were refused");
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public async Task A_zeroed_or_swapped_sector_of_the_manifest_log_is_refused(int sector)
    {
        byte[] whole = await File.ReadAllBytesAsync(_manifest);
        for (int at = 0; at + sector <= _committedEnd; at += sector)
        {
            if (IsFiller(whole, at)) continue;
            byte[] damaged = [.. whole];
            damaged.AsSpan(at, sector).Clear();
            await File.WriteAllBytesAsync(_manifest, damaged);
            await IsRefusedAsync($"zeroed sector at {at}");
            whole.AsSpan((at + (2 * sector)) % (int)(_committedEnd - sector), sector).CopyTo(damaged.AsSpan(at));
            await File.WriteAllBytesAsync(_manifest, damaged);
            await IsRefusedAsync($"misdirected sector at {at}");
        }
    }

    [Fact]
    public async Task A_log_cut_short_of_its_commit_is_refused()
    {
        byte[] whole = await File.ReadAllBytesAsync(_manifest);
        for (long end = 0; end < _committedEnd - LogGeometry.SectorBytes; end += 97)
        {
            await File.WriteAllBytesAsync(_manifest, whole[..(int)end]);
            Assert.True(await IsRefusedAsync($"cut at {end}"), $"cut at {end}");
        }
    }

    [Fact]
    public async Task Garbage_past_the_committed_end_changes_nothing()
    {
        byte[] whole = await File.ReadAllBytesAsync(_manifest);
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            byte[] tail = new byte[random.Next(1, 3 * 4096)];
            random.NextBytes(tail);
            await File.WriteAllBytesAsync(_manifest, [.. whole[..(int)_committedEnd], .. tail]);
            Assert.False(await IsRefusedAsync($"seed {seed}"), $"seed {seed}");
        }
    }

    [Fact]
    public async Task A_lost_newest_slot_is_made_good_by_the_frames_that_it_vouched_for()
    {
        byte[] whole = await File.ReadAllBytesAsync(_commits);
        int newest = (int)(CommitSlots.Read(LocalDisk.Instance, _commits).Newest.Number & 1);
        whole.AsSpan(newest * 8192, 8192).Clear();
        await File.WriteAllBytesAsync(_commits, whole);

        Assert.False(await IsRefusedAsync("newest slot lost"));
    }

    [Fact]
    public async Task Flipped_bytes_of_the_block_log_never_give_wrong_slices()
    {
        string blocks = _folder.Combine("shard-0000", "ep-0000000001", "blocks", "log.0");
        byte[] whole = await File.ReadAllBytesAsync(blocks);
        List<string> expected;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            MemoryTimeline timeline = await store.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
            expected = await StoreContent.ReadEverythingAsync(store.Catalog, timeline);
            for (int at = 64; at < 12_000; at += 7)
            {
                byte[] damaged = [.. whole];
                damaged[at] ^= 0x40;
                await File.WriteAllBytesAsync(blocks, damaged);
                try
                {
                    Assert.Equal(expected, await StoreContent.ReadEverythingAsync(store.Catalog, timeline));
                }
                catch (LatentDbException e)
                {
                    Assert.True(e.Code == ErrorCode.DataDamaged || e.Code == ErrorCode.UnsupportedFormat, $"byte {at}: {e.Code}");
                }
            }
        }
    }

    [Theory]
    [InlineData("state-0000000002")]
    [InlineData("ep-0000000001/manifest/header")]
    [InlineData("ep-0000000001/manifest/commit.ab")]
    [InlineData("ep-0000000001/manifest/log.0")]
    [InlineData("ep-0000000001")]
    public async Task A_missing_part_is_refused_and_never_looks_like_a_new_store(string name)
    {
        string path = _folder.Combine("shard-0000", name);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        else File.Delete(path);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => OpenStore.AtAsync(_folder.Path));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    private async Task<bool> IsRefusedAsync(string what)
    {
        try
        {
            Assert.True(_state == await RecoveredText.OfAsync(_folder.Path), $"{what}: opened with another state");
            return false;
        }
        catch (LatentDbException e)
        {
            Assert.True(e.Code == ErrorCode.DataDamaged || e.Code == ErrorCode.UnsupportedFormat, $"{what}: {e.Code}");
            return true;
        }
    }

    private static bool IsFiller(byte[] bytes, int at) => bytes.AsSpan(at, Math.Min(64, bytes.Length - at)).IndexOfAnyExcept((byte)0) < 0;
}
