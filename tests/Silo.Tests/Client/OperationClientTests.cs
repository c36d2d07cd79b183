using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Client;

/// <summary>Writes that are handed over, and batches, with the typed client against the real server.</summary>
public sealed class OperationClientTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private static readonly InjectRequest[] Two = [new() { Text = "Maria lives in Lisbon. Peter works as a baker." }, new() { Text = "Anna drives a red car." }];

    [Fact]
    public async Task A_write_that_was_handed_over_is_made_and_told_of()
    {
        MemoryClient memory = fixture.Silo.Client.Memory(await fixture.NewMemoryAsync());

        OperationDescription accepted = await memory.AcceptAsync(Two[0], new WriteOptions { IdempotencyKey = "later-1" });
        OperationDescription ended = await memory.Operations.WaitAsync(accepted.Id);
        OperationDescription again = await memory.AcceptAsync(Two[0], new WriteOptions { IdempotencyKey = "later-1" });

        Assert.Equal(("succeeded", "inject", "later-1"), (ended.Status, ended.Kind, ended.IdempotencyKey));
        Assert.Equal([2], ended.Versions);
        Assert.Equal(accepted.Id, again.Id);
        Assert.Equal(accepted.Id, Assert.Single((await memory.Operations.ListAsync()).Items).Id);
        await Assert.ThrowsAsync<ApiProblemException>(() => memory.Operations.CancelAsync(accepted.Id));
    }

    [Fact]
    public async Task A_batch_is_a_version_for_each_text_now_or_later()
    {
        MemoryClient memory = fixture.Silo.Client.Memory(await fixture.NewMemoryAsync());

        InjectBatchAnswer now = await memory.InjectBatchAsync(Two);
        OperationDescription later = await memory.Operations.WaitAsync((await memory.AcceptBatchAsync(Two)).Id);

        Assert.Equal((2, 2, 3L), (now.Items, now.Written, now.Version));
        Assert.Null(now.Problem);
        Assert.Equal([2, 3], now.Results.Select(r => r.Version));
        Assert.Equal([4, 5], later.Versions);
    }
}
