using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Crash;

/// <summary>
/// An owner is stopped (SIGSTOP) anywhere, another process opens its shard and acknowledges writes, the first one wakes (SIGCONT). It acknowledges nothing
/// that the other one has not seen and writes nothing into its files; nothing that either acknowledged is lost.
/// </summary>
/// <remarks>In every second cycle the owner has a lease that may end while it sleeps; in the others its clock never tells, and what is on disk alone must hold.</remarks>
public sealed class TwoOwnersTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>Longer than a busy machine keeps the parent from feeding it.</summary>
    private const int LeaseMilliseconds = 3000;

    private static readonly int Cycles = Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? 500 : 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempFolder _folder = new();
    private readonly Dictionary<long, string> _acknowledged = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_owner_that_sleeps_past_its_time_harms_nobody_when_it_wakes()
    {
        var random = new Random(18);
        Owner owner = await StartAsync(0);
        int late = 0;
        for (int cycle = 1; cycle <= Cycles; cycle++)
        {
            await owner.ReadAcknowledgementsAsync(random.Next(1, 8));
            Thread.SpinWait(random.Next(0, 300_000));
            owner.Signal("STOP");
            Owner next = await StartAsync(cycle);
            await next.ReadAcknowledgementsAsync(3);
            next.Signal("STOP");
            string before = FilesOf(next.Epoch);
            int told = owner.Acknowledged.Count;
            owner.Signal("CONT");
            string refusal = await owner.ReadToEndAsync();

            Assert.Contains(refusal, new[] { "stale_owner", "not_owner" });
            Assert.Equal(before, FilesOf(next.Epoch));
            foreach ((long version, string operation) in owner.Acknowledged.Skip(told))
            {
                // Stopped between the last check and the telling: then the new owner has found the write.
                late++;
                Assert.True(version <= next.HeadFound, $"cycle {cycle}: {operation} was acknowledged after another owner had opened the shard without it");
            }

            Note(owner);
            owner.Dispose();
            next.Signal("CONT");
            owner = next;
        }

        owner.Kill();
        await owner.ReadToEndAsync();
        Note(owner);
        owner.Dispose();
        await CheckAsync();
        output.WriteLine($"{Cycles} cycles: {_acknowledged.Count} versions acknowledged, none lost; {late} told late, all of them known to the new owner");
    }

    private async Task<Owner> StartAsync(int seed)
    {
        var owner = new Owner(_folder.Path, seed, leaseMilliseconds: seed % 2 == 0 ? 0 : LeaseMilliseconds);
        await owner.OpenedAsync();
        return owner;
    }

    private void Note(Owner owner)
    {
        foreach ((long version, string operation) in owner.Acknowledged)
        {
            Assert.True(_acknowledged.TryAdd(version, operation), $"version {version} was acknowledged as {_acknowledged.GetValueOrDefault(version)} and as {operation}");
        }
    }

    private async Task CheckAsync()
    {
        await using var store = new MemoryStoreService(new MemoryStoreOptions { Data = _folder.Path, CompactionPause = TimeSpan.Zero }, new());
        await store.StartAsync(CancellationToken.None);
        MemoryTimeline timeline = await store.Catalog.OpenAsync(Program.Key("bob"), CancellationToken.None);
        foreach ((long version, string operation) in _acknowledged)
        {
            Assert.Equal(operation, timeline.GetVersion(new VersionNumber(version)).OperationId);
        }

        Assert.True(_acknowledged.Count > 3 * Cycles, $"only {_acknowledged.Count} versions were acknowledged");
    }

    /// <summary>Every byte of an epoch's folder, and which state is the newest.</summary>
    private string FilesOf(long epoch)
    {
        string shard = _folder.Combine("shard-0000");
        IEnumerable<string> files = Directory.EnumerateFiles(Path.Combine(shard, $"ep-{epoch:D10}"), "*", SearchOption.AllDirectories)
            .Append(Directory.EnumerateFiles(shard, "state-*").Where(path => !path.Contains(".tmp-", StringComparison.Ordinal)).Max()!);
        return string.Join('\n', files.Order(StringComparer.Ordinal).Select(path => $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}"));
    }

    /// <summary>One child, with what it has told so far.</summary>
    private sealed class Owner : IDisposable
    {
        private readonly Process _process;
        private readonly BlockingCollection<string> _lines = [];
        private readonly Task _reading;
        private readonly Timer _feeding;
        private volatile bool _isStopped;

        public Owner(string folder, int seed, int leaseMilliseconds)
        {
            string[] arguments = [typeof(OwnerProcess).Assembly.Location, OwnerProcess.Verb, folder, seed.ToString(CultureInfo.InvariantCulture), leaseMilliseconds.ToString(CultureInfo.InvariantCulture)];
            _process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false })!;
            _reading = Task.Run(ReadLinesAsync);
            _feeding = new Timer(_ => Feed(), null, 0, 50);
        }

        public List<(long Version, string Operation)> Acknowledged { get; } = [];

        public long Epoch { get; private set; }

        public long HeadFound { get; private set; }

        public async Task OpenedAsync()
        {
            string[] words = (await NextAsync()).Split(' ');
            Assert.True(words[0] == "OPENED", string.Join(' ', words));
            (Epoch, HeadFound) = (long.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture));
        }

        public async Task ReadAcknowledgementsAsync(int count)
        {
            for (int i = 0; i < count; i++) Assert.True(Take(await NextAsync()) is null, "an owner that was alone was refused");
        }

        /// <summary>Reads on until it has ended.</summary>
        /// <returns>Why it was refused; empty when it was killed.</returns>
        public async Task<string> ReadToEndAsync()
        {
            await _process.WaitForExitAsync().WaitAsync(Patience);
            await _reading.WaitAsync(Patience);
            string refusal = "";
            while (_lines.TryTake(out string? line)) refusal = Take(line) ?? refusal;
            return refusal;
        }

        public void Signal(string signal)
        {
            _isStopped = signal == "STOP";

            // What it has told before counts as told: it is read when nothing more can come.
            using Process kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
            while (_isStopped && _lines.TryTake(out string? line, TimeSpan.FromMilliseconds(100))) Assert.Null(Take(line));
        }

        public void Kill() => _process.Kill();

        public void Dispose()
        {
            _feeding.Dispose();
            if (!_process.HasExited) _process.Kill();
            _process.Dispose();
            _lines.Dispose();
        }

        private string? Take(string line)
        {
            string[] words = line.Split(' ');
            if (words[0] == "REFUSED") return words[1];
            Acknowledged.Add((long.Parse(words[1], CultureInfo.InvariantCulture), words[2]));
            return null;
        }

        private Task<string> NextAsync() => Task.Run(() => _lines.TryTake(out string? line, Patience) ? line : throw new TimeoutException("The child said nothing for a minute."));

        private async Task ReadLinesAsync()
        {
            while (await _process.StandardOutput.ReadLineAsync() is string line)
            {
                if (line.EndsWith(Acknowledgements.EndOfLine, StringComparison.Ordinal)) _lines.Add(line[..^Acknowledgements.EndOfLine.Length]);
            }
        }

        private void Feed()
        {
            try
            {
                if (!_isStopped) _process.StandardInput.WriteLine("0");
                if (!_isStopped) _process.StandardInput.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // It has ended.
            }
        }
    }
}
