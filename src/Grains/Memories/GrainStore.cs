using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;

namespace LatentDb.Grains.Memories;

/// <summary>What a grain uses of the store.</summary>
/// <param name="Catalog">The memories.</param>
/// <param name="Exporter">Writes archives.</param>
/// <param name="Importer">Reads them.</param>
internal sealed record GrainStore(MemoryCatalog Catalog, MemoryExporter Exporter, MemoryImporter Importer);
