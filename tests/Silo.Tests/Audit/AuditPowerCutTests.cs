using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.Silo.Audit;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Audit;

/// <summary>The log on a disk whose power goes: what was acknowledged is there, and what is there is whole.</summary>
public sealed class AuditPowerCutTests
{
    [Fact]
    public void After_a_power_cut_at_any_change_every_acknowledged_line_is_there_and_the_chain_is_whole()
    {
        int cuts = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var disk = new SimulatedDisk();
            disk.CreateDurableFolder("/data");
            disk.CutAt = disk.Changes + 1 + (seed % 60);
            List<string> acknowledged = [];
            try
            {
                Run(disk, acknowledged);
            }
            catch (IOException)
            {
                cuts++;
            }

            SimulatedDisk after = disk.AfterPowerCut(seed);
            using AuditWriter writer = AuditWriter.Open(new AuditFolder(after, "/data"), new ManualTimeProvider());
            AuditVerdict verdict = AuditCheck.Run(new AuditFolder(after, "/data"), writer.Anchor, default);

            Assert.True(verdict.IsWhole, $"seed {seed}: {string.Join(' ', verdict.Faults)}");
            Assert.True(writer.Damage is null, $"seed {seed}: {writer.Damage}");
            Assert.Empty(acknowledged.Except(Requests(after)));
        }

        Assert.True(cuts > 300, $"{cuts} cuts");
    }

    private static void Run(SimulatedDisk disk, List<string> acknowledged)
    {
        var time = new ManualTimeProvider();
        for (int round = 0; round < 4; round++)
        {
            using AuditWriter writer = AuditWriter.Open(new AuditFolder(disk, "/data"), time);
            for (int i = 0; i < 4; i++)
            {
                string[] requests = [$"{round}-{i}-a", $"{round}-{i}-b"];
                writer.Append([.. requests.Select(r => new AuditEntry("acme", null, "inject", null, 200, r, null))]);
                acknowledged.AddRange(requests);
                time.Advance(TimeSpan.FromSeconds(i));
                writer.WriteAnchor(onlyWhenOld: true);
            }
        }
    }

    private static string[] Requests(SimulatedDisk disk)
    {
        var folder = new AuditFolder(disk, "/data");
        return [.. folder.Segments().SelectMany(s => SegmentLines.Read(disk, folder.PathOf(s))).Select(raw => AuditText.TryDecode(raw.Bytes)?.Request).OfType<string>()];
    }
}
