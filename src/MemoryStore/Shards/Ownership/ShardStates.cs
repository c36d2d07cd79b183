using System.Globalization;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards.Ownership;

/// <summary>
/// The history of a shard's state: <c>state-0000000001</c>, <c>state-0000000002</c>, ... Nothing in it is ever replaced. A change is a file with the next
/// number, finished before it gets its name, and of any number that try at once one gets it. So a change succeeds only if nothing has changed since what it
/// was decided upon, whoever slept how long in between.
/// <code>
/// state-(n+1)  raised e, current c     e's opener may read epoch c; whoever was the owner finds n+1 after his next commit and acknowledges nothing more
/// state-(n+2)  raised e, current e     e owns the shard; an opener that raised meanwhile has taken n+2, and then e never becomes current
/// </code>
/// </summary>
/// <remarks>
/// Old entries are removed, the newest never: so the highest number only grows, and a number that was free because it was removed is not the highest.
/// <c>state</c> without a number is where the history begins; programs that replaced that file refuse what it says now.
/// </remarks>
internal sealed class ShardStates(IDisk disk, string root)
{
    private const string FileName = "state";
    private const string Prefix = "state-";
    private const string TemporaryMark = ".tmp-";
    private const int Digits = 10;

    /// <summary>Entries that are kept: more than can be added while a folder is listed.</summary>
    private const int Kept = 4;

    private string BasePath => Path.Combine(root, FileName);

    /// <summary>The number that counts; 0 when the history is empty. One listing of the folder: asked after every commit.</summary>
    public long NewestNumber()
    {
        long newest = 0;
        foreach (long number in Numbers()) newest = Math.Max(newest, number);
        return newest;
    }

    /// <summary>The state as it is now; null when there is none.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public ShardState? Read()
    {
        while (true)
        {
            long number = NewestNumber();
            if (number == 0) return disk.FileExists(BasePath) ? ShardState.Parse(disk.ReadAll(BasePath), out _) : null;
            try
            {
                ShardState state = ShardState.Parse(disk.ReadAll(PathOf(number)), out _);
                return state.Number == number ? state : throw new LatentDbException(ErrorCode.DataDamaged, $"The shard state {state.Number} stands where state {number} must.");
            }
            catch (FileNotFoundException) when (NewestNumber() > number)
            {
                // Followed and removed between the listing and the reading.
            }
        }
    }

    /// <summary>Adds the next entry; durable when this returns.</summary>
    /// <param name="before">What the change was decided upon.</param>
    /// <param name="raised">See <see cref="ShardState.Raised"/>.</param>
    /// <param name="current">See <see cref="ShardState.Current"/>.</param>
    /// <exception cref="LatentDbException">stale_owner: somebody has changed the state since; this change was not made and never will be.</exception>
    public ShardState Advance(ShardState before, Epoch raised, Epoch current)
    {
        if (before.Number == 0) WriteBase(before);
        var after = new ShardState(before.Number + 1, raised, current);
        string temporary = WriteTemporary(PathOf(after.Number), after);
        if (!disk.TryPublish(temporary, PathOf(after.Number)))
        {
            disk.DeleteFile(temporary);
            throw Followed(before, raised);
        }

        disk.SyncFolder(root);

        // The number may have been free because it is long past: then there is a higher one.
        return NewestNumber() == after.Number ? after : throw Followed(before, raised);
    }

    /// <summary>Removes what is not needed any more: old entries, and unfinished ones of whoever was broken off. Who is about to finish one fails.</summary>
    public void RemoveOld(ShardState newest)
    {
        foreach (long number in Numbers().Where(number => number <= newest.Number - Kept)) disk.DeleteFile(PathOf(number));
        foreach (string left in disk.Files(root).Where(path => Path.GetFileName(path) is string name && name.StartsWith(FileName, StringComparison.Ordinal) && name.Contains(TemporaryMark, StringComparison.Ordinal)))
        {
            disk.DeleteFile(left);
        }
    }

    /// <summary>Reads every entry again; for each that is not as it was written, its name and what is wrong.</summary>
    public IEnumerable<(string File, string Message)> Check()
    {
        foreach (long number in Numbers().Append(0).Order())
        {
            if (WrongWith(number) is string message) yield return (NameOf(number), message);
        }
    }

    /// <summary>Name of an entry's file.</summary>
    public string NameOf(long number) => Path.GetFileName(number == 0 ? BasePath : PathOf(number));

    private string? WrongWith(long number)
    {
        try
        {
            ShardState state = ShardState.Parse(disk.ReadAll(number == 0 ? BasePath : PathOf(number)), out _);
            return state.Number == number ? null : $"The state has number {state.Number}.";
        }
        catch (FileNotFoundException)
        {
            return number == 0 ? "The first state file is missing." : null;
        }
        catch (LatentDbException e)
        {
            return e.Message;
        }
    }

    /// <summary>What earlier programs replaced becomes what they refuse; written by two at once, both write the same.</summary>
    private void WriteBase(ShardState state)
    {
        if (disk.FileExists(BasePath))
        {
            ShardState.Parse(disk.ReadAll(BasePath), out bool isEarlier);
            if (!isEarlier) return;
        }

        disk.Move(WriteTemporary(BasePath, state), BasePath);
        disk.SyncFolder(root);
    }

    private string WriteTemporary(string path, ShardState state)
    {
        string temporary = $"{path}{TemporaryMark}{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        using IDiskFile file = disk.Open(temporary, DiskAccess.CreateNew);
        file.Write(state.ToBytes(), 0);
        file.Sync();
        return temporary;
    }

    private IEnumerable<long> Numbers()
    {
        foreach (string path in disk.Files(root))
        {
            ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
            if (!name.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            if (long.TryParse(name[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out long number)) yield return number;
        }
    }

    private string PathOf(long number) => Path.Combine(root, Prefix + number.ToString($"D{Digits}", CultureInfo.InvariantCulture));

    private static LatentDbException Followed(ShardState before, Epoch epoch) =>
        new(ErrorCode.StaleOwner, $"Another owner has changed the shard's state since number {before.Number}; epoch {epoch} is not opened.");
}
