using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Fuzz;
using LatentDb.MemoryStore.Tests.Simulation;

namespace LatentDb.MemoryStore.Tests.Encryption;

/// <summary>Random changes by many callers at once, epochs and rotations among them, with the power going again and again: what was acknowledged is there.</summary>
public sealed class KeyringHistoryTests
{
    private const int CutsPerHistory = 6;
    private const int MaxChangesBeforeCut = 120;
    private const int CallersAtOnce = 6;

    private static readonly TenantId[] Tenants = [Ring.Acme, Ring.Bolt, TenantId.Parse("third")];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, LongMode.Rounds(inCI: 40, whole: 2000))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task What_was_acknowledged_survives_every_power_cut(int seed)
    {
        var history = new History(seed);
        await history.BeginAsync();
        for (int cut = 0; cut < CutsPerHistory; cut++) await history.RunUntilCutAsync();
    }

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<int, Fate> _fates = [];
        private SimulatedDisk _disk = new();
        private Keyring _ring = null!;
        private int _epoch = 1;
        private int _lastNumber;

        public async Task BeginAsync()
        {
            _disk.CreateDurablePath(Folder(1));
            _ring = await Keyring.CreateAsync(_disk, Folder(1), Master(), CancellationToken.None);
        }

        public async Task RunUntilCutAsync()
        {
            _disk.CutAt = _disk.Changes + _random.Next(MaxChangesBeforeCut);
            while (!_disk.IsOff) await StepAsync();
            await _ring.DisposeAsync();
            _disk = _disk.AfterPowerCut(_random.Next());
            _ring = await Keyring.OpenAsync(_disk, Folder(_epoch), Master(), CancellationToken.None);
            Assert.Equal(0, _ring.LostSlots);
            foreach (int number in _fates.Keys.ToArray()) _fates[number] = Checked(number, _fates[number]);
            await NextEpochAsync();
            Assert.Equal(0, _ring.DamagedCopies);
        }

        private static string Folder(int epoch) => $"/shard/ep-{epoch}";

        private static LocalMasterKeys Master() => Ring.Master();

        private async Task StepAsync()
        {
            if (_random.Next(12) == 0)
            {
                await Record.ExceptionAsync(NextEpochAsync);
                return;
            }

            Task[] changes = [.. Enumerable.Range(0, 1 + _random.Next(CallersAtOnce)).Select(_ => ChangeAsync(_random.Next(20)))];
            await Task.WhenAll(changes);
        }

        /// <summary>As an opening does: a copy, then the old files are overwritten.</summary>
        private async Task NextEpochAsync()
        {
            int next = _epoch + 1;
            if (_disk.FolderExists(Folder(next))) _disk.DeleteFolder(Folder(next));
            _disk.CreateDurableFolder(Folder(next));
            Keyring copy = await _ring.CopyToAsync(Folder(next), isLive: null, CancellationToken.None);
            await _ring.DisposeAsync();
            _ring = copy;
            _epoch = next;
            Keyring.Shred(_disk, Folder(next - 1));
        }

        private Task ChangeAsync(int choice) => choice switch
        {
            < 10 => AddAsync(++_lastNumber, Tenants[_random.Next(Tenants.Length)]),
            < 15 => EndAsync(Pick(KeyState.Present), KeyState.Erased, uid => _ring.EraseAsync(uid, CancellationToken.None)),
            < 17 => EndAsync(Pick(KeyState.Erased), KeyState.Unknown, uid => _ring.ForgetMarksAsync([uid], CancellationToken.None)),
            17 => Quietly(_ring.RotateMasterAsync(CancellationToken.None)),
            18 => Quietly(_ring.RotateTenantAsync(Tenants[_random.Next(Tenants.Length)], CancellationToken.None)),
            _ => Quietly(_ring.RotateShardAsync(CancellationToken.None)),
        };

        private async Task AddAsync(int number, TenantId tenant)
        {
            Set(number, new Fate(null, [KeyState.Unknown, KeyState.Present]));
            try
            {
                byte[] key = await _ring.AddAsync(number, tenant);
                Set(number, new Fate(key, [KeyState.Present]));
            }
            catch (LatentDbException)
            {
                // Not acknowledged: either is right.
            }
        }

        private async Task EndAsync(int? number, KeyState end, Func<MemoryUid, Task> change)
        {
            if (number is not int n) return;
            Fate before = _fates[n];
            Set(n, before with { Allowed = [.. before.Allowed, end] });
            try
            {
                await change(Ring.Uid(n));
                Set(n, new Fate(null, [end]));
            }
            catch (LatentDbException)
            {
                // Not acknowledged: either is right.
            }
        }

        private static async Task Quietly(Task rotation)
        {
            try
            {
                await rotation;
            }
            catch (LatentDbException)
            {
                // The power went: the keys are checked at the next opening.
            }
        }

        private int? Pick(KeyState state)
        {
            lock (_fates)
            {
                int[] found = [.. _fates.Where(f => f.Value.Allowed is [var only] && only == state).Select(f => f.Key)];
                return found.Length == 0 ? null : found[_random.Next(found.Length)];
            }
        }

        private void Set(int number, Fate fate)
        {
            lock (_fates) _fates[number] = fate;
        }

        private Fate Checked(int number, Fate fate)
        {
            KeyState state = _ring.StateOf(number);
            Assert.True(fate.Allowed.Contains(state), $"seed {seed}: memory {number} is {state}, expected {string.Join(" or ", fate.Allowed)}");
            byte[]? key = _ring.Find(number);
            Assert.Equal(state == KeyState.Present, key is not null);
            if (key is not null && fate.Key is not null) Assert.Equal(fate.Key, key);
            return new Fate(key, [state]);
        }

        private sealed record Fate(byte[]? Key, KeyState[] Allowed);
    }
}
