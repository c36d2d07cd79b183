using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.Silo.Audit;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Silo.Tests.Audit;

/// <summary>Many writers, one log, and a disk that fails for a while.</summary>
public sealed class AuditLogTests
{
    private readonly SimulatedDisk _disk = new();
    private readonly ManualTimeProvider _time = new();

    public AuditLogTests() => _disk.CreateDurableFolder("/data");

    [Fact]
    public async Task Lines_of_many_writers_share_their_syncs_and_are_all_there()
    {
        AuditFolder folder = new(_disk, "/data");
        await using AuditLog log = Open(folder);
        long before = _disk.Changes;

        await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => log.AppendAsync(Entry($"r-{i}"), default)));

        Assert.Equal(2000, log.Durable.Head.Seq);
        Assert.InRange(_disk.Changes - before, 2, 2000);
        Assert.True(AuditCheck.Run(folder, log.Durable, default).IsWhole);
        Assert.Equal(2000, new AuditReader(folder, log).Read(null, 0, 5000).Items.Select(l => l.Request).Distinct().Count());
    }

    [Fact]
    public async Task While_the_disk_fails_nothing_is_acknowledged_and_afterwards_the_log_goes_on_whole()
    {
        AuditFolder folder = new(_disk, "/data");
        await using AuditLog log = Open(folder);
        await log.AppendAsync(Entry("before"), default);
        (_disk.Faults.FailAt, _disk.Faults.IsLasting, _disk.Faults.WritesShort) = (0, true, true);

        await RefusedAsync(() => log.AppendAsync(Entry("lost"), default));
        await RefusedAsync(() => log.RequireWritableAsync(default));
        _time.Advance(AuditLimits.RetryPause);
        await RefusedAsync(() => log.RequireWritableAsync(default));
        _disk.Faults.FailAt = null;
        _time.Advance(AuditLimits.RetryPause);
        await log.RequireWritableAsync(default);
        await log.AppendAsync(Entry("after"), default);

        Assert.True(AuditCheck.Run(folder, log.Durable, default).IsWhole);
        string[] requests = [.. new AuditReader(folder, log).Read(null, 0, 100).Items.Select(l => l.Request).OfType<string>()];
        Assert.Equal(["before", "after"], requests);
    }

    private AuditLog Open(AuditFolder folder)
    {
        var log = new AuditLog(folder, _time, NullLogger<AuditLog>.Instance);
        log.Open();
        return log;
    }

    private static async Task RefusedAsync(Func<Task> act) => Assert.Equal(AuditErrorCode.AuditUnavailable, (await Assert.ThrowsAsync<LatentDbException>(act)).Code);

    private static AuditEntry Entry(string request) => new("acme", null, "inject", null, 200, request, null);
}
