using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>Compares the key files of an open keyring with what was written, a few thousand slots at a time, between the batches of its writer.</summary>
internal sealed class KeyFilesCheck(SlotFiles files, SlotMap map, KeyWriter writer, TenantKeys tenants, IDisk disk, string folder)
{
    public async Task<KeyringCheck> RunAsync(CancellationToken cancellationToken)
    {
        SlotFilesCheck check = files.BeginCheck();
        var lost = new List<KeyLoss>();
        await WithoutWritesAsync(() => check.CheckHeaders(files.Count), cancellationToken).ConfigureAwait(false);
        int count = files.Count;
        for (int from = 0; from < count; from += EncryptionLimits.SlotsRewrappedTogether)
        {
            (int first, int to) = (from, Math.Min(from + EncryptionLimits.SlotsRewrappedTogether, count));
            await WithoutWritesAsync(() => check.CheckSlots(first, to, (number, content, slot) => FindLoss(number, content, slot, lost)), cancellationToken).ConfigureAwait(false);
        }

        string? wrong = TenantFile.WrongWith(disk, folder, out bool isLost);
        return new KeyringCheck(count, check.Bytes, check.Damaged, lost, wrong, check.HasHeader && !(wrong is not null && isLost));
    }

    /// <summary>Runs something on the writer, between two batches; directly when it writes nothing any more.</summary>
    private async Task WithoutWritesAsync(Action look, CancellationToken cancellationToken)
    {
        if (writer.Failure is not null) look();
        else await writer.ApplyAsync(_ => look(), cancellationToken).ConfigureAwait(false);
    }

    private void FindLoss(int number, KeySlot content, ReadOnlySpan<byte> slot, List<KeyLoss> lost)
    {
        (SlotState state, MemoryUid uid) = map.At(number);
        if (content.State == SlotState.Lost)
        {
            if (state != SlotState.Free) lost.Add(new KeyLoss(number, state == SlotState.Lost ? null : uid));
            return;
        }

        if (content.State == SlotState.Present && !IsUnwrappable(content, slot)) lost.Add(new KeyLoss(number, content.Uid));
    }

    private bool IsUnwrappable(in KeySlot content, ReadOnlySpan<byte> slot)
    {
        Span<byte> secret = stackalloc byte[DataKey.Bytes];
        try
        {
            return tenants.Table.Find(content.Tenant)?.Find(content.Generation) is TenantKey tenant && SlotSeal.TryUnwrap(slot, tenant, secret);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
