using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Tests.Simulation;

namespace LatentDb.MemoryStore.Tests.Integrity;

/// <summary>A disk on which one file is deleted by somebody else between the look for it and its opening.</summary>
internal sealed class VanishingDisk(IDisk inner) : MutantDisk(inner)
{
    public string? Vanishing { get; set; }

    public override IDiskFile Open(string path, DiskAccess access)
    {
        if (path == Vanishing) DeleteFile(path);
        return base.Open(path, access);
    }
}
