using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Tests.Security;

/// <summary>What the silos of a cluster rely upon, wherever their tenants and keys are: none undoes what another one did, and each sees it.</summary>
internal static class AccessStoreSuite
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <param name="open">A store over the same place, as another process would have it.</param>
    public static async Task RunAsync(Func<IAccessStore> open)
    {
        using AccessCatalog first = await OpenAsync(open());
        using AccessCatalog second = await OpenAsync(open());
        Assert.True(first.IsShared);
        Assert.False(first.IsKeyed);
        await SeesAsync(first, second);
        await UndoesNothingAsync(first, second, open);
        await RaceAsync(first, second, open);
        await RefusesAsync(first, second);
    }

    public static async Task<AccessCatalog> OpenAsync(IAccessStore store)
    {
        var catalog = new AccessCatalog(store, new AdminKey(string.Empty));
        await catalog.OpenAsync(CancellationToken.None);
        return catalog;
    }

    public static ApiKey Key(string name)
    {
        KeyText text = KeyText.NewRandom();
        return new ApiKey(text.Id, SecretHash.Of(text), TenantId.Default, Role.Writer, name, Now);
    }

    public static ApiKey Find(AccessCatalog catalog, string name) => Assert.Single(catalog.State.Keys.Values, key => key.Name == name);

    /// <summary>What one silo changes another one sees at its next look.</summary>
    private static async Task SeesAsync(AccessCatalog first, AccessCatalog second)
    {
        ApiKey seen = Key("seen");
        await first.ChangeAsync(s => s.Add(seen, Now), CancellationToken.None);
        Assert.Empty(second.State.Keys);

        await second.RefreshAsync(CancellationToken.None);
        Assert.True(Find(second, "seen").IsUsable(Now));
        AccessState known = second.State;
        await second.RefreshAsync(CancellationToken.None);
        Assert.Same(known, second.State);
        await second.ChangeAsync(s => s.Revoke(seen.Id, TenantId.Default, Now, hasAdminKey: true), CancellationToken.None);

        await first.RefreshAsync(CancellationToken.None);
        Assert.False(Find(first, "seen").IsUsable(Now));
    }

    /// <summary>A silo that has not looked yet undoes nothing, neither by its own change nor by noting uses.</summary>
    private static async Task UndoesNothingAsync(AccessCatalog first, AccessCatalog second, Func<IAccessStore> open)
    {
        ApiKey one = Key("one");
        await first.ChangeAsync(s => s.Add(one, Now), CancellationToken.None);
        await second.RefreshAsync(CancellationToken.None);
        second.Touch(Find(second, "one"), Now.AddMinutes(5));
        await first.ChangeAsync(s => s.Revoke(one.Id, TenantId.Default, Now, hasAdminKey: true), CancellationToken.None);

        await second.FlushUseAsync(CancellationToken.None);
        await second.ChangeAsync(s => s.Add(Key("two"), Now), CancellationToken.None);

        using AccessCatalog third = await OpenAsync(open());
        Assert.False(Find(third, "one").IsUsable(Now));
        Assert.Equal(Now.AddMinutes(5), Find(third, "one").Use.Last);
        Assert.True(Find(third, "two").IsUsable(Now));
    }

    /// <summary>Changes of two silos at once are all kept.</summary>
    private static async Task RaceAsync(AccessCatalog first, AccessCatalog second, Func<IAccessStore> open)
    {
        const int Each = 40;
        using AccessCatalog before = await OpenAsync(open());
        await Task.WhenAll(AddAsync(first, "a"), AddAsync(second, "b"));

        using AccessCatalog third = await OpenAsync(open());
        Assert.Equal(before.State.Keys.Count + (2 * Each), third.State.Keys.Count);

        static Task AddAsync(AccessCatalog catalog, string prefix) => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++) await catalog.ChangeAsync(s => s.Add(Key($"{prefix}{i}"), Now), CancellationToken.None);
        });
    }

    /// <summary>A change that is refused, or changes nothing, leaves nothing behind.</summary>
    private static async Task RefusesAsync(AccessCatalog first, AccessCatalog second)
    {
        await first.RefreshAsync(CancellationToken.None);
        await second.RefreshAsync(CancellationToken.None);
        AccessState before = second.State;

        await Assert.ThrowsAsync<InvalidOperationException>(() => first.ChangeAsync(_ => throw new InvalidOperationException("No."), CancellationToken.None));
        await first.ChangeAsync(s => s, CancellationToken.None);

        await second.RefreshAsync(CancellationToken.None);
        Assert.Same(before, second.State);
    }
}
