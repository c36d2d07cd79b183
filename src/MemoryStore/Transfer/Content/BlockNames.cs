using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>Gives the blocks of an archive their names in the target: a new one each, but the genesis is the same everywhere.</summary>
/// <param name="genesis">The owner uid of the model's genesis.</param>
/// <param name="next">Reserves a name.</param>
internal sealed class BlockNames(MemoryUid genesis, Func<BlockId> next)
{
    private readonly Dictionary<BlockId, BlockId> _names = [];

    public BlockId Of(BlockId archived)
    {
        if (archived.Owner == genesis) return archived;
        if (!_names.TryGetValue(archived, out BlockId name))
        {
            name = next();
            _names.Add(archived, name);
        }

        return name;
    }

    public Manifest Of(Manifest archived) => archived with { Blocks = [.. archived.Blocks.Select(block => block with { Id = Of(block.Id) })] };

    public ManifestDelta Of(ManifestDelta archived) => archived with { Block = Of(archived.Block) };
}
