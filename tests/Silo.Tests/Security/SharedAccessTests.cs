using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Security.Keys;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Security;

/// <summary>Silos of a cluster share the file of keys and tenants: none undoes what another one did, and each sees it.</summary>
public sealed class SharedAccessTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly TempFolder _folder = new();
    private readonly AccessCatalog _first;
    private readonly AccessCatalog _second;

    public SharedAccessTests()
    {
        _first = Open();
        _second = Open();
    }

    [Fact]
    public async Task What_one_silo_changes_another_one_sees_at_its_next_look()
    {
        ApiKey one = Key("one");
        await _first.ChangeAsync(s => s.Add(one, Now), CancellationToken.None);
        Assert.Empty(_second.State.Keys);

        await _second.RefreshAsync(CancellationToken.None);
        Assert.True(Find(_second, "one").IsUsable(Now));
        await _second.ChangeAsync(s => s.Revoke(one.Id, TenantId.Default, Now, hasAdminKey: true), CancellationToken.None);

        await _first.RefreshAsync(CancellationToken.None);
        Assert.False(Find(_first, "one").IsUsable(Now));
    }

    [Fact]
    public async Task A_silo_that_has_not_looked_yet_undoes_nothing_by_its_own_change_or_by_noting_uses()
    {
        ApiKey one = Key("one");
        await _first.ChangeAsync(s => s.Add(one, Now), CancellationToken.None);
        await _second.RefreshAsync(CancellationToken.None);
        _second.Touch(Find(_second, "one"), Now.AddMinutes(5));
        await _first.ChangeAsync(s => s.Revoke(one.Id, TenantId.Default, Now, hasAdminKey: true), CancellationToken.None);

        await _second.FlushUseAsync(CancellationToken.None);
        await _second.ChangeAsync(s => s.Add(Key("two"), Now), CancellationToken.None);

        using AccessCatalog third = Open();
        Assert.False(Find(third, "one").IsUsable(Now));
        Assert.Equal(Now.AddMinutes(5), Find(third, "one").Use.Last);
        Assert.True(Find(third, "two").IsUsable(Now));
    }

    [Fact]
    public async Task Changes_of_two_silos_at_once_are_all_kept()
    {
        const int Each = 40;
        await Task.WhenAll(AddAsync(_first, "a"), AddAsync(_second, "b"));

        using AccessCatalog third = Open();
        Assert.Equal(2 * Each, third.State.Keys.Count);

        static Task AddAsync(AccessCatalog catalog, string prefix) => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++) await catalog.ChangeAsync(s => s.Add(Key($"{prefix}{i}"), Now), CancellationToken.None);
        });
    }

    [Fact]
    public async Task While_another_process_keeps_the_turn_a_change_is_refused_in_the_end_and_nothing_has_changed()
    {
        var time = new ManualTimeProvider();
        using AccessCatalog late = Open(time);
        Task<AccessState> change;
        using (new FileStream(Path.Combine(_folder.Path, "access.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            change = late.ChangeAsync(s => s.Add(Key("one"), Now), CancellationToken.None);
            Assert.False(change.IsCompleted);
            while (!change.IsCompleted)
            {
                time.Advance(SecurityLimits.AccessTurnPause);
                await Task.Yield();
            }

            Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => change)).Code);
        }

        Assert.Empty(new AccessFile(LocalDisk.Instance, _folder.Path).Read().Keys);
        await late.ChangeAsync(s => s.Add(Key("one"), Now), CancellationToken.None);
        Assert.Single(new AccessFile(LocalDisk.Instance, _folder.Path).Read().Keys);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _folder.Dispose();
    }

    private AccessCatalog Open(TimeProvider? time = null)
    {
        var catalog = new AccessCatalog(new AccessFile(LocalDisk.Instance, _folder.Path, isShared: true), new AdminKey(string.Empty), time ?? TimeProvider.System);
        catalog.Open();
        return catalog;
    }

    private static ApiKey Key(string name)
    {
        KeyText text = KeyText.NewRandom();
        return new ApiKey(text.Id, SecretHash.Of(text), TenantId.Default, Role.Writer, name, Now);
    }

    private static ApiKey Find(AccessCatalog catalog, string name) => Assert.Single(catalog.State.Keys.Values, key => key.Name == name);
}
