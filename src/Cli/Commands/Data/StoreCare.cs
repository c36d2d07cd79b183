using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Data;

/// <summary>store stats | inspect | scrub | compact | rotate-keys.</summary>
internal static class StoreCare
{
    private static readonly string[] KeyLevels = ["master", "tenant", "shards"];

    public static Command Stats(RunVerb run)
    {
        var command = new Command("stats", "The store in a few numbers.");
        run(command, async (client, output, _, cancellationToken) =>
        {
            StoreStats s = await client.Store.GetStatsAsync(cancellationToken).ConfigureAwait(false);
            output.Write(
                s,
                $"{s.Memories:N0} memories in {s.Shards} shard(s); {s.FileBytes:N0} bytes of files for {s.LiveBytes:N0} that are needed ({s.Amplification:F2}); "
                + $"{s.FreeDiskBytes:N0} bytes of disk are free.{(s.Failure is null ? string.Empty : $" No writes: {s.Failure}")}");
        });
        return command;
    }

    public static Command Inspect(RunVerb run)
    {
        var command = new Command("inspect", "Shards, logs, segments and keys; --json tells all of it.");
        run(command, async (client, output, _, cancellationToken) =>
        {
            StoreInspection all = await client.Store.InspectAsync(cancellationToken).ConfigureAwait(false);
            output.Write(all, $"{all.Folder}, format {all.FormatVersion}; master keys: {string.Join(", ", all.MasterKeys.Select(k => $"{k.Id} ({k.TenantKeys} tenant keys{(k.IsCurrent ? ", current" : string.Empty)})"))}");
            if (output.IsJson) return;
            var logs = all.Shards.SelectMany(shard => shard.Epochs.SelectMany(epoch => new[] { (shard, epoch, name: "manifest", log: epoch.Manifest), (shard, epoch, name: "blocks", log: epoch.Blocks) })).ToList();
            output.WriteTable(logs, ["shard", "memories", "epoch", "log", "segments", "file bytes", "needed", "failure"], l =>
            [
                Number(l.shard.Shard),
                Number(l.shard.Memories),
                l.epoch.IsCurrent ? $"{l.epoch.Epoch} current" : Number(l.epoch.Epoch),
                l.name,
                Number(l.log.Segments.Count),
                Number(l.log.FileBytes),
                Number(l.log.LiveBytes),
                l.shard.FailureCode ?? string.Empty,
            ]);
        });
        return command;
    }

    public static Command Scrub(RunVerb run)
    {
        var memory = new Argument<string?>("memory") { Arity = ArgumentArity.ZeroOrOne, Description = "This memory alone; everything when absent." };
        var command = new Command("scrub", "Read everything back and verify it. Ends with 1 when something is damaged.") { memory };
        run(command, async (client, output, parsed, cancellationToken) =>
        {
            ScrubReport report = await ProgressBar.RunStagesAsync(output, progress => client.Store.ScrubAsync(parsed.GetValue(memory), progress, cancellationToken)).ConfigureAwait(false);
            ScrubTotals t = report.Totals;
            output.Write(report, $"{t.Memories:N0} memories, {t.Versions:N0} versions, {t.Slices:N0} slices, {t.Frames:N0} frames, {t.KeySlots:N0} key slots: {t.Bytes:N0} bytes in {report.Seconds:F1} s.");
            if (!output.IsJson)
            {
                foreach (string skipped in report.Skipped) Console.WriteLine($"not checked: {skipped}");
                foreach (StoreDamage damage in report.Damages) Console.WriteLine(Line(damage));
            }

            if (!report.IsClean) throw new DeclinedException($"Damage was found in {report.DamageCount:N0} place(s).");
        });
        return command;
    }

    public static Command Compact(RunVerb run)
    {
        var command = new Command("compact", "Drop what retention no longer keeps, and give back the space of what nobody needs.");
        run(command, async (client, output, _, cancellationToken) =>
        {
            CompactionReport report = await ProgressBar.RunStagesAsync(output, progress => client.Store.CompactAsync(progress, cancellationToken)).ConfigureAwait(false);
            output.Write(
                report,
                $"{report.VersionsDropped:N0} versions and {report.BlocksDropped:N0} blocks are dropped, {report.SegmentsDeleted:N0} files removed: {report.FreedBytes:N0} bytes freed, "
                + $"{report.CopiedBytes:N0} copied. {report.FileBytes:N0} bytes of files for {report.LiveBytes:N0} that are needed ({report.Amplification:F2}).");
        });
        return command;
    }

    public static Command RotateKeys(RunVerb run)
    {
        var keys = new Argument<string>("keys") { Arity = ArgumentArity.ZeroOrOne, Description = "master (reads the master keys again and wraps everything under the first), tenant or shards.", DefaultValueFactory = _ => "master" };
        keys.AcceptOnlyFromAmong(KeyLevels);
        var command = new Command("rotate-keys", "Make new keys above those of the memories; no data is rewritten.") { keys };
        run(command, async (client, output, parsed, cancellationToken) =>
        {
            KeyRotation rotation = await client.Store.RotateKeysAsync(parsed.GetRequiredValue(keys), cancellationToken).ConfigureAwait(false);
            output.Write(rotation, $"Done. Master keys that are needed now: {string.Join(", ", rotation.MasterKeys.Select(k => k.Id))}.");
        });
        return command;
    }

    private static string Line(StoreDamage damage)
    {
        string needs = damage.Needs.Count == 0 ? "nothing that lives needs it" : string.Join("; ", damage.Needs.Select(n => $"{n.Memory} versions {string.Join(", ", n.Versions.Select(v => v.First == v.Last ? $"{v.First}" : $"{v.First} to {v.Last}"))}"));
        return $"damaged: {damage.Kind} in {damage.Place.File ?? $"shard {damage.Place.Shard}"}: {damage.Message} ({needs}){(damage.KeepsShardFromOpening ? " The shard could not be opened again." : string.Empty)}";
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
