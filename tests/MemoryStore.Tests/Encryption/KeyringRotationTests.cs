using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Encryption;

public sealed class KeyringRotationTests
{
    private readonly TornDisk _disk = new();

    [Fact]
    public async Task After_the_master_key_was_rotated_the_new_one_suffices_and_the_old_one_opens_nothing()
    {
        LocalMasterKeys old = Ring.Master(1, "old");
        LocalMasterKeys both = LocalMasterKeys.Parse($"new {Base64(2)}\nold {Base64(1)}", "The text");
        byte[] key;
        await using (Keyring ring = await Ring.CreateAsync(_disk, old)) key = await ring.AddAsync(1);
        await using (Keyring ring = await Ring.OpenAsync(_disk, both)) await ring.RotateMasterAsync(CancellationToken.None);

        await using (Keyring ring = await Ring.OpenAsync(_disk, Ring.Master(2, "new"))) Assert.Equal(key, ring.Find(1));
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => Ring.OpenAsync(_disk, old));

        Assert.Equal(ErrorCode.KeyUnavailable, error.Code);
        Assert.Contains("new", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_key_under_the_same_name_is_key_unavailable()
    {
        await using (Keyring ring = await Ring.CreateAsync(_disk)) await ring.AddAsync(1);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => Ring.OpenAsync(_disk, Ring.Master(2)));

        Assert.Equal(ErrorCode.KeyUnavailable, error.Code);
    }

    [Fact]
    public async Task After_a_tenant_was_rotated_its_keys_are_the_same_under_a_new_generation_only()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        byte[] acme = await ring.AddAsync(1);
        byte[] bolt = await ring.AddAsync(2, Ring.Bolt);
        byte[] before = [.. _disk[SlotFiles.PathA(Ring.Folder)]];
        StoredTenantKey old = StoredKeys().Single(k => k.Tenant == "acme");

        await ring.RotateTenantAsync(Ring.Acme, CancellationToken.None);
        await ring.RotateShardAsync(CancellationToken.None);
        await ring.RotateTenantAsync(TenantId.Parse("nobody"), CancellationToken.None);

        await using Keyring opened = await Ring.OpenAsync(_disk);
        Assert.Equal(acme, opened.Find(1));
        Assert.Equal(bolt, opened.Find(2));
        Assert.Equal(acme, ring.Find(1));
        Assert.Equal([2, 2, 1], StoredKeys().Select(k => k.Generation));
        Assert.Equal(-1, _disk[TenantFile.PathIn(Ring.Folder)].AsSpan().IndexOf(old.Wrapped.Bytes));
        byte[] wrapped = KeySlot.Sealed(before.AsSpan((int)SlotFile.OffsetOf(1), KeySlot.Bytes)).ToArray();
        Assert.All(_disk.Paths, path => Assert.Equal(-1, _disk[path].AsSpan().IndexOf(wrapped)));
    }

    [Fact]
    public async Task The_old_generation_opens_no_slot_any_more()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        for (int i = 1; i <= 60; i++) await ring.AddAsync(i);
        StoredTenantKey stored = StoredKeys().Single(k => k.Tenant == "acme");
        TenantKey old = await TenantKey.UnwrapAsync(Ring.Master(), stored.Wrapped, "acme", 1, CancellationToken.None);
        Assert.Equal(60, SlotsThatOpen(old));

        await ring.RotateTenantAsync(Ring.Acme, CancellationToken.None);

        Assert.Equal(0, SlotsThatOpen(old));
    }

    [Fact]
    public async Task Memories_are_added_erased_and_found_while_their_tenant_is_rotated()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        byte[][] keys = await Task.WhenAll(Enumerable.Range(1, 3000).Select(i => ring.AddAsync(i)));

        Task rotating = Task.Run(async () =>
        {
            for (int i = 0; i < 5; i++) await ring.RotateTenantAsync(Ring.Acme, CancellationToken.None);
        });
        for (int i = 0; !rotating.IsCompleted || i < 100; i++)
        {
            byte[] added = await ring.AddAsync(10_000 + i);
            Assert.Equal(added, ring.Find(10_000 + i));
            Assert.Equal(keys[(i * 31) % 2000], ring.Find(((i * 31) % 2000) + 1));
            if (i < 500) await ring.EraseAsync(2001 + i);
        }

        await rotating;
        await using Keyring opened = await Ring.OpenAsync(_disk);
        for (int i = 0; i < 2000; i++) Assert.Equal(keys[i], opened.Find(i + 1));
        Assert.Equal(KeyState.Erased, opened.StateOf(2001));
        Assert.Equal(KeyState.Present, opened.StateOf(10_000));
        Assert.Equal(6, StoredKeys().Single(k => k.Tenant == "acme").Generation);
    }

    [Fact]
    public async Task A_copy_ends_a_rotation_that_was_broken_off_and_drops_tenants_without_memories()
    {
        byte[] key;
        await using (Keyring ring = await Ring.CreateAsync(_disk))
        {
            key = await ring.AddAsync(1);
            await ring.AddAsync(2, Ring.Bolt);
            await ring.EraseAsync(2);
            _disk.OperationsLeft = 4;
            await Record.ExceptionAsync(() => ring.RotateTenantAsync(Ring.Acme, CancellationToken.None));
            _disk.OperationsLeft = int.MaxValue;
        }

        Assert.Equal([1, 1, 2, 1], StoredKeys().Select(k => k.Generation));
        await using Keyring opened = await Ring.OpenAsync(_disk);
        await using Keyring copy = await opened.CopyToAsync("/ep-2", isLive: null, CancellationToken.None);

        Assert.Equal(key, copy.Find(1));
        Assert.Equal(["", "acme"], StoredKeys("/ep-2").Select(k => k.Tenant));
        Assert.Equal([1, 2], StoredKeys("/ep-2").Select(k => k.Generation));
        await copy.AddAsync(3, TenantId.Parse("fresh"));
        Assert.Equal(3, StoredKeys("/ep-2").Single(k => k.Tenant == "fresh").Index);
    }

    [Fact]
    public async Task A_rotation_that_is_cancelled_leaves_both_keys_and_the_next_one_ends_it()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        byte[] key = await ring.AddAsync(1);
        using var cancellation = new CancellationTokenSource();
        var service = new Service(Ring.Master()) { Called = cancellation.Cancel };
        await using Keyring opened = await Ring.OpenAsync(_disk, service);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opened.RotateTenantAsync(Ring.Acme, cancellation.Token));
        Assert.Equal([1, 2], StoredKeys().Where(k => k.Tenant == "acme").Select(k => k.Generation));
        Assert.Equal(key, opened.Find(1));
        await opened.RotateTenantAsync(Ring.Acme, CancellationToken.None);

        Assert.Equal([3], StoredKeys().Where(k => k.Tenant == "acme").Select(k => k.Generation));
        Assert.Equal(key, opened.Find(1));
    }

    [Fact]
    public async Task A_key_service_that_fails_fails_its_caller_only()
    {
        var service = new Service(Ring.Master());
        await using Keyring ring = await Ring.CreateAsync(_disk, service);
        byte[] key = await ring.AddAsync(1);
        service.Failure = new TimeoutException();

        LatentDbException added = await Assert.ThrowsAsync<LatentDbException>(() => ring.AddAsync(2, Ring.Bolt));
        LatentDbException rotated = await Assert.ThrowsAsync<LatentDbException>(() => ring.RotateMasterAsync(CancellationToken.None));
        LatentDbException opened = await Assert.ThrowsAsync<LatentDbException>(() => Ring.OpenAsync(_disk, service));

        Assert.All([added, rotated, opened], e => Assert.Equal(ErrorCode.KeyUnavailable, e.Code));
        Assert.Equal(key, ring.Find(1));
        await ring.AddAsync(3);
        await ring.EraseAsync(3);
        service.Failure = null;
        await ring.AddAsync(2, Ring.Bolt);
    }

    [Fact]
    public async Task A_wrapped_tenant_key_serves_its_tenant_and_generation_only()
    {
        LocalMasterKeys master = Ring.Master();
        TenantKey key = await TenantKey.CreateAsync(master, "acme", 1, CancellationToken.None);

        await TenantKey.UnwrapAsync(master, key.Wrapped, "acme", 1, CancellationToken.None);
        await Assert.ThrowsAsync<LatentDbException>(() => TenantKey.UnwrapAsync(master, key.Wrapped, "bolt", 1, CancellationToken.None));
        await Assert.ThrowsAsync<LatentDbException>(() => TenantKey.UnwrapAsync(master, key.Wrapped, "acme", 2, CancellationToken.None));
    }

    private static string Base64(byte seed) => Convert.ToBase64String([.. Enumerable.Repeat(seed, 32)]);

    private IReadOnlyList<StoredTenantKey> StoredKeys(string folder = Ring.Folder) => TenantFile.Decode(_disk[TenantFile.PathIn(folder)]).Keys;

    private int SlotsThatOpen(TenantKey key)
    {
        byte[] file = _disk[SlotFiles.PathB(Ring.Folder)];
        int opened = 0;
        byte[] secret = new byte[DataKey.Bytes];
        for (int at = SlotFile.HeaderBytes; at < file.Length; at += KeySlot.Bytes)
        {
            // Also with the generation that the slot had before: whatever an attacker makes of the header.
            byte[] slot = file.AsSpan(at, KeySlot.Bytes).ToArray();
            slot[12] = 1;
            if (Record.Exception(() => SlotSeal.TryUnwrap(slot, key, secret)) is null) opened++;
        }

        return opened;
    }

    private sealed class Service(IMasterKeyProvider inner) : IMasterKeyProvider
    {
        public Exception? Failure { get; set; }

        /// <summary>Called after a key was wrapped.</summary>
        public Action? Called { get; set; }

        public async ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> context, CancellationToken cancellationToken)
        {
            if (Failure is not null) throw Failure;
            WrappedKey wrapped = await inner.WrapAsync(key, context, cancellationToken);
            Called?.Invoke();
            return wrapped;
        }

        public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, ReadOnlyMemory<byte> context, CancellationToken cancellationToken) =>
            Failure is null ? inner.UnwrapAsync(wrapped, context, cancellationToken) : throw Failure;
    }
}
