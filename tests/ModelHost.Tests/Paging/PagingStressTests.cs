using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Paging;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>Many memories, little room, many clients: every answer is the right one, the budget holds, and nothing is left behind.</summary>
public sealed class PagingStressTests : IDisposable
{
    private const int Memories = 200;
    private const int Clients = 32;
    private const int Layers = 3;
    private const int BlocksOfMemory = 2;
    private const long SlicesOfMemory = Layers * BlocksOfMemory;

    private readonly PagedBlocks _blocks = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Two_hundred_memories_and_thirty_two_clients_fit_a_budget_of_three(int seed)
    {
        using MemoryPager pager = _blocks.Pager(slices: 3 * SlicesOfMemory);
        Manifest[] memories = await MakeAsync();
        _blocks.Store.BeforeRead = async _ => await Task.Yield();

        int[] wrong = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => AskAsync(pager, memories, new Random((seed * 1000) + client)))));

        Assert.Equal(0, wrong.Sum());
        ResidentCounts counts = pager.Counts;
        Assert.Equal(0, counts.Pins);
        Assert.Equal(0, counts.Waiting);
        Assert.True(counts.Waits > 0, "Nobody waited: the test shows nothing.");
        Assert.True(counts.Evictions > 0, "Nothing was evicted: the test shows nothing.");
    }

    public void Dispose() => _blocks.Dispose();

    /// <summary>Every fourth memory shares a block with the one before it, as forks do.</summary>
    private async Task<Manifest[]> MakeAsync()
    {
        var memories = new Manifest[Memories];
        for (int i = 0; i < Memories; i++)
        {
            memories[i] = await _blocks.ManifestAsync(BlocksOfMemory, Layers);
            if (i % 4 == 3) memories[i] = PagedBlocks.Of([memories[i - 1].Blocks[0], memories[i].Blocks[1]], Layers);
        }

        return memories;
    }

    /// <summary>Reads memories at random, a few of them often; some requests are cancelled, before or while they wait, or end half-way.</summary>
    private async Task<int> AskAsync(MemoryPager pager, Manifest[] memories, Random random)
    {
        int wrong = 0;
        for (int i = 0; i < 60; i++)
        {
            int memory = random.Next(4) == 0 ? random.Next(memories.Length) : random.Next(8);
            using var cancel = new CancellationTokenSource();
            if (random.Next(6) == 0) pager.Prefetch(memories[random.Next(8)], _blocks.Store, "ahead");
            int chance = random.Next(16);
            if (chance == 0) await cancel.CancelAsync();
            try
            {
                ValueTask<PinHandle> reserved = pager.ReserveForReadAsync(memories[memory], _blocks.Store, $"tenant {memory % 5}", cancel.Token);
                if (chance == 1) await cancel.CancelAsync();
                using PinHandle rows = await reserved;
                for (int layer = 0; layer < Layers; layer++)
                {
                    if (chance == 2 && layer == 1) break;
                    await rows.WhenReadyAsync(layer, cancel.Token);
                    if (!_blocks.MarksOf(rows, layer).SequenceEqual(PagedBlocks.ExpectedMarks(memories[memory], layer))) wrong++;
                    if (pager.Counts.BookedBytes > 3 * SlicesOfMemory * PagedBlocks.SliceBytes) wrong++;
                    if (random.Next(3) == 0) await Task.Yield();
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                continue;
            }
            catch (LatentDbException e) when (e.Code == ErrorCode.Overloaded && e.RetryAfter is not null)
            {
                continue;
            }
        }

        return wrong;
    }
}
