using System.Globalization;
using LatentDb.MemoryStore.Backup;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Composition;

/// <summary>
/// <c>backup list</c>, <c>backup verify [--open FOLDER]</c> and <c>restore --data FOLDER [--at TIME]</c>, each with <c>--backup-place</c> and
/// <c>--backup-keys-place</c> or both in the environment: what is done with backups while no server runs on them.
/// </summary>
internal static class BackupVerbs
{
    private const string Usage =
        "backup list | backup verify [--open FOLDER] | restore --data FOLDER [--at 2026-01-31T12:00:00Z], with --backup-place FOLDER --backup-keys-place FOLDER";

    public static bool Knows(string[] arguments) => arguments is ["restore", ..] or ["backup", ..];

    /// <returns>0; 1 when a backup is not whole.</returns>
    /// <exception cref="LatentDbException">configuration_invalid, data_damaged, key_unavailable, store_unavailable.</exception>
    public static async Task<int> RunAsync(string[] arguments)
    {
        int words = arguments is ["backup", _, ..] ? 2 : 1;
        Dictionary<string, string> given = Parse(arguments[words..]);
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        string data = Take(given, "--backup-place", configuration[$"LatentDb:{nameof(SiloOptions.BackupPlace)}"]);
        string keys = Take(given, "--backup-keys-place", configuration[$"LatentDb:{nameof(SiloOptions.BackupKeysPlace)}"]);
        var places = new BackupPlaces(new FolderPlace(LocalDisk.Instance, data), new FolderPlace(LocalDisk.Instance, keys, overwrites: true));
        try
        {
            return arguments switch
            {
                ["backup", "list", ..] => await ListAsync(places, given).ConfigureAwait(false),
                ["backup", "verify", ..] => await VerifyAsync(places, given).ConfigureAwait(false),
                ["restore", ..] => await RestoreAsync(places, given).ConfigureAwait(false),
                _ => throw Invalid($"There is no such verb. Known: {Usage}."),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LatentDbException(ErrorCode.StoreUnavailable, e.Message, e);
        }
    }

    private static async Task<int> ListAsync(BackupPlaces places, Dictionary<string, string> given)
    {
        RefuseRest(given);
        foreach (IGrouping<DateTimeOffset, BackupInfo> minute in (await new BackupReader(places).ListAsync(CancellationToken.None).ConfigureAwait(false)).GroupBy(info => Minute(info.At)))
        {
            List<BackupInfo> newest = [.. minute.GroupBy(info => info.Shard).Select(shard => shard.Last())];
            string damaged = minute.Any(info => info.Shard is null) ? ", one of them damaged" : string.Empty;
            await SayAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{minute.Last().At.UtcDateTime:O}  {newest.Count(info => info.Shard is not null)} of {minute.Max(info => info.Shards)} shards, {newest.Sum(info => info.Bytes)} bytes{damaged}")).ConfigureAwait(false);
        }

        return 0;
    }

    private static async Task<int> VerifyAsync(BackupPlaces places, Dictionary<string, string> given)
    {
        string? folder = given.Remove("--open", out string? value) ? value : null;
        RefuseRest(given);
        BackupCheck check = await new BackupReader(places).VerifyAsync(CancellationToken.None).ConfigureAwait(false);
        foreach (string wrong in check.Wrong) await SayAsync(wrong).ConfigureAwait(false);
        await SayAsync(string.Create(CultureInfo.InvariantCulture, $"{check.Pieces} pieces, {check.Bytes} bytes read; {check.Wrong.Length} things are wrong.")).ConfigureAwait(false);
        if (folder is not null && check.Wrong.IsEmpty) await SayAsync(await new StoreRestorer(places).RunAsync(folder, null, CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false);
        return check.Wrong.IsEmpty ? 0 : 1;
    }

    private static async Task<int> RestoreAsync(BackupPlaces places, Dictionary<string, string> given)
    {
        string folder = Take(given, "--data", null);
        DateTimeOffset? at = given.Remove("--at", out string? time) ? TimeOf(time) : null;
        RefuseRest(given);
        await SayAsync(await new StoreRestorer(places).RunAsync(folder, at, CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false);
        return 0;
    }

    private static Task SayAsync(RestoreReport report) => SayAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"Restored {report.Shards} shards as of {report.From.UtcDateTime:O} to {report.To.UtcDateTime:O}, {report.Bytes} bytes. {report.Erased} memories that were erased later stay erased."));

    private static Task SayAsync(string line) => Console.Out.WriteLineAsync(line);

    private static DateTimeOffset Minute(DateTimeOffset at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero);

    private static DateTimeOffset TimeOf(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at) ? at : throw Invalid($"--at has '{text}'; a time is meant, such as 2026-01-31T12:00:00Z.");

    private static Dictionary<string, string> Parse(string[] arguments)
    {
        if (arguments.Length % 2 != 0) throw Invalid($"An option needs a value. Known: {Usage}.");
        return arguments.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }

    private static string Take(Dictionary<string, string> given, string name, string? otherwise)
    {
        string? value = given.Remove(name, out string? own) ? own : otherwise;
        return !string.IsNullOrEmpty(value) ? value : throw Invalid($"{name} is missing. Known: {Usage}.");
    }

    private static void RefuseRest(Dictionary<string, string> given)
    {
        if (given.Count > 0) throw Invalid($"'{given.Keys.First()}' is not known. Known: {Usage}.");
    }

    private static LatentDbException Invalid(string why) => new(ErrorCode.ConfigurationInvalid, why);
}
