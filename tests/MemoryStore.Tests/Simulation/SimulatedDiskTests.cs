using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Tests.Simulation;

public sealed class SimulatedDiskTests
{
    private const string Folder = "/data";
    private const string FilePath = "/data/a";

    private readonly SimulatedDisk _disk = new();

    public SimulatedDiskTests()
    {
        _disk.CreateDurableFolder(Folder);
        _disk.Create(FilePath, new byte[2048]);
    }

    [Fact]
    public void What_was_synced_survives_every_cut()
    {
        using IDiskFile file = _disk.Open(FilePath, DiskAccess.Write);
        file.Write([7, 8, 9], 600);
        file.Sync();

        for (int seed = 0; seed < 100; seed++) Assert.Equal([7, 8, 9], _disk.AfterPowerCut(seed).ReadAll(FilePath)[600..603]);
    }

    [Fact]
    public void An_unsynced_sector_is_kept_dropped_or_torn()
    {
        using IDiskFile file = _disk.Open(FilePath, DiskAccess.Write);
        byte[] ones = new byte[512];
        Array.Fill<byte>(ones, 1);
        file.Write(ones, 512);

        int[] outcomes = [.. Enumerable.Range(0, 300).Select(seed => _disk.AfterPowerCut(seed).ReadAll(FilePath).Count(b => b == 1))];
        Assert.Contains(0, outcomes);
        Assert.Contains(512, outcomes);
        Assert.Contains(outcomes, count => count is > 0 and < 512);
    }

    [Fact]
    public void A_name_is_there_for_certain_only_when_its_folder_was_synced()
    {
        using (IDiskFile file = _disk.Open("/data/b", DiskAccess.CreateNew))
        {
            file.Write([1], 0);
            file.Sync();
        }

        bool[] found = [.. Enumerable.Range(0, 50).Select(seed => _disk.AfterPowerCut(seed).FileExists("/data/b"))];
        Assert.Contains(true, found);
        Assert.Contains(false, found);
    }

    [Fact]
    public void A_replaced_file_is_the_old_or_the_new_one_after_a_cut_at_any_change()
    {
        _disk.Replace("/data/state", "old"u8);
        for (int cut = 0; cut < 5; cut++)
        {
            for (int seed = 0; seed < 50; seed++)
            {
                SimulatedDisk disk = _disk.Copy();
                disk.CutAt = cut;
                bool isDone = Record.Exception(() => disk.Replace("/data/state", "new"u8)) is null;
                string left = System.Text.Encoding.ASCII.GetString(disk.AfterPowerCut(seed).ReadAll("/data/state"));
                Assert.True(left == "new" || (left == "old" && !isDone), $"cut {cut}, seed {seed}: {left}");
            }
        }
    }

    [Fact]
    public void A_folder_made_durable_stays_with_all_those_above_it()
    {
        _disk.CreateDurablePath("/x/y/z");

        for (int seed = 0; seed < 50; seed++) Assert.True(_disk.AfterPowerCut(seed).FolderExists("/x/y/z"));
    }

    [Fact]
    public void A_killed_process_leaves_what_it_wrote_and_a_later_cut_takes_it()
    {
        using (IDiskFile file = _disk.Open(FilePath, DiskAccess.Write)) file.Write([7], 0);
        SimulatedDisk next = _disk.AfterKill();

        Assert.Equal(7, next.ReadAll(FilePath)[0]);
        Assert.Contains(Enumerable.Range(0, 50), seed => next.AfterPowerCut(seed).ReadAll(FilePath)[0] == 0);
    }

    [Fact]
    public void After_a_failed_sync_readers_see_what_no_later_sync_brings_to_the_platter()
    {
        using IDiskFile file = _disk.Open(FilePath, DiskAccess.Write);
        file.Write([7], 0);
        _disk.Faults.FailAt = _disk.Faults.Seen;
        Assert.Throws<IOException>(file.Sync);
        file.Sync();

        Assert.Equal(7, _disk.ReadAll(FilePath)[0]);
        Assert.Equal(0, _disk.AfterPowerCut(1).ReadAll(FilePath)[0]);
    }

    [Fact]
    public void After_the_cut_nothing_answers()
    {
        using IDiskFile file = _disk.Open(FilePath, DiskAccess.Write);
        _disk.CutAt = _disk.Changes;

        Assert.Throws<IOException>(() => file.Write([1], 0));
        Assert.Throws<IOException>(() => file.Read(new byte[1], 0));
        Assert.Throws<IOException>(() => _disk.Open(FilePath, DiskAccess.Read));
    }

    [Fact]
    public void A_full_disk_takes_what_fits_and_no_more_until_something_is_deleted()
    {
        _disk.Faults.Capacity = _disk.UsedBytes + 4096;
        using IDiskFile file = _disk.Open("/data/b", DiskAccess.CreateNew);

        IOException error = Assert.Throws<IOException>(() => file.Write(new byte[9000], 0));

        Assert.Equal(DiskFaults.NoSpaceErrno, error.HResult);
        Assert.Equal(4096, file.Length);
        _disk.DeleteFile(FilePath);
        file.Write(new byte[4096], 4096);
    }
}
